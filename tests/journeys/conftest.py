from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demonstration import demonstration
from tests.partner import place
from tests.world import copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world import Issued, World

__all__ = ["demonstration", "place"]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the one founded world of a run lies, that every other is a copy of."""
    return tmp_path_factory.getbasetemp() / "world"


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with copied(template, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def story(world: World) -> tuple[World, Issued, Issued]:
    """Mr Li's identity card and real-estate certificate, anchored."""
    card, deed = world.issue(1), world.issue(24)
    world.settle()
    return world, card, deed
