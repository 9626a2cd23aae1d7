"""A fresh world for each test."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.resolver import resolver
from tests.unit.verifier.build import World

__all__ = ["resolver"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def machine_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the partners' client, which asks the machine's clock, be told the world's."""
    monkeypatch.setattr(time, "time", lambda: float(world.now))
