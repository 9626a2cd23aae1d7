"""A follower over hostile endpoints: no event enters a replica that the validators have not signed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ecert.domain.errors import Unavailable
from ledger.drivers.permissioned import NetworkLedger
from ledger.following import Follower
from ledger.port import Head
from ledger.replica import ReplicaWriter, open_replica
from tests.hostile_endpoint import CONSORTIUM, ToldChain
from tests.unit.ledger.network import MEMBERS, Net, network, some_chain

Bend = Callable[[str, Any, Any], Any]


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with network(tmp_path) as opened:
        yield opened


def follow(net: Net, ledger: NetworkLedger) -> int:
    identity = ledger.identity()
    genesis = Head(0, identity.genesis, 0)
    with closing(ReplicaWriter(net.home / "r", chain=identity, consortium=CONSORTIUM, genesis=genesis)) as writer:
        return Follower(ledger, writer, CONSORTIUM).step()


def chronicle(net: Net) -> tuple[int, bytes] | None:
    return open_replica(net.home / "r").chronicles.get(CONSORTIUM)


def told(chain: ToldChain, height: int) -> tuple[int, bytes]:
    count, running = chain.slots(height)
    return int.from_bytes(count, "big"), running


def another_log(method: str, _params: Any, honest: Any) -> Any:  # noqa: ANN401 - JSON
    if method == "block_results" and honest["txs_results"]:
        entry = honest["txs_results"][0]
        content = base64.b64decode(entry["data"])
        entry["data"] = base64.b64encode(content[:-40] + bytes(40)).decode()
    return honest


def no_log(method: str, _params: Any, honest: Any) -> Any:  # noqa: ANN401 - JSON
    return {"txs_results": None} if method == "block_results" else honest


def moved_log(method: str, params: Any, honest: Any) -> Any:  # noqa: ANN401 - JSON
    """Answer with the results of the block after: the same events, one block early."""
    if method == "block_results":
        later = some_chain().transactions.get(int(params["height"]) + 3)
        return {"txs_results": [each.result for each in later or ()]}
    return honest


def another_state(method: str, _params: Any, honest: Any) -> Any:  # noqa: ANN401 - JSON
    if method == "abci_query":
        other = some_chain(transactions={}).stores(3)[1][0]
        honest["response"]["proofOps"]["ops"][0]["data"] = base64.b64encode(other["tree"]).decode()
    return honest


LIES: dict[str, Bend] = {"log": another_log, "hidden": no_log, "moved": moved_log, "state": another_state}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_nothing_forged_enters_a_replica(net: Net, lie: Bend) -> None:
    (liar,) = net.add()
    with closing(net.open()) as ledger:
        liar.bend = lie
        with pytest.raises(Unavailable, match=r"ledger\.untrusted"):
            follow(net, ledger)
        assert (open_replica(net.home / "r").head.number, chronicle(net)) == (0, None)
    honest, *_ = net.add()
    with closing(net.open([liar, honest])) as ledger:
        assert follow(net, ledger) == 12
    assert chronicle(net) == told(net.chain, 12)


def test_a_fork_that_the_same_validators_signed_is_not_followed(net: Net) -> None:
    """More than a third signing twice is beyond what any light client survives; what stands is not rewritten."""
    (endpoint,) = net.add()
    endpoint.top = 6
    with closing(net.open()) as ledger:
        follow(net, ledger)
    before = chronicle(net)
    endpoint.chain = some_chain(sets={1: MEMBERS}, transactions={})
    endpoint.top = 12
    with closing(net.open()) as ledger, pytest.raises(Unavailable):
        follow(net, ledger)
    assert chronicle(net) == before == told(net.chain, 6)
