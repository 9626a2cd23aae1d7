"""One consortium a driver for the whole suite; tests leave behind only what is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.ledgers import DRIVERS, Consortium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.port import Ledger


@pytest.fixture(scope="module", params=sorted(DRIVERS))
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    ledger = DRIVERS[request.param](tmp_path_factory.mktemp("chain") / "chain")
    yield Consortium.found(ledger)
    ledger.close()


@pytest.fixture(params=sorted(DRIVERS))
def open_chain(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Ledger]:
    """Open the chain of a name; whoever opens closes."""
    return lambda name: DRIVERS[request.param](tmp_path / name)
