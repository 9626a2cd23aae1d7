"""One consortium a driver for the whole suite; tests leave behind only what is final.

The suite runs twice: on the embedded chain, and, marked `network`, on live validators (`make network-test`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_hash.auto import keccak

from ledger.drivers import calls
from tests.conformance.ledgers import Consortium, open_hurried
from tests.validators import start_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.port import Ledger
    from tests.validators import Network

DRIVERS = ("embedded", pytest.param("network", marks=pytest.mark.network))


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Network]]:
    """Start the network of a name, once: chain `two` of one validator, every other name one chain of four."""
    started: dict[str, Network] = {}
    names = ("stranger", "clerk", "counted", "ahead", "older", *(f"admin {region}" for region in range(31, 36)))
    founders = [calls.account(keccak(name.encode())).address for name in names]

    def named(name: str) -> Network:
        kind = "two" if name == "two" else "one"
        if kind not in started:
            root = tmp_path_factory.mktemp("validators") / kind
            # They stand until the session ends: an empty block a second leaves the machine to others.
            started[kind] = start_network(root, founders, count=1 if kind == "two" else 4, heartbeat="1s")
        return started[kind]

    yield named
    for network in started.values():
        network.stop()


@pytest.fixture(scope="module", params=DRIVERS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    ledger = _opener(request)(tmp_path_factory.mktemp("chain") / "chain")
    yield Consortium.found(ledger)
    ledger.close()


@pytest.fixture(params=DRIVERS)
def open_chain(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Ledger]:
    """Open the chain of a name; whoever opens closes."""
    opener = _opener(request)
    return lambda name: opener(tmp_path / name)


def _opener(request: pytest.FixtureRequest) -> Callable[[Path], Ledger]:
    if request.param == "embedded":
        return open_hurried
    networks = request.getfixturevalue("networks")
    return lambda path: networks(path.name).open(path)
