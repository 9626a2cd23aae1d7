"""A room for each test; the chain beneath only signs, and is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.drivers.embedded import open_embedded
from tests.unit.issuer.world import NOW, World, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.port import Ledger


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = open_embedded(tmp_path_factory.mktemp("chain") / "chain.sqlite", clock=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def world(tmp_path: Path, ledger: Ledger) -> Iterator[World]:
    built = build(tmp_path, ledger)
    yield built
    built.room.database.close()
