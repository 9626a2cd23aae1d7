"""One validator's clock is ten minutes wrong, ahead or behind: blocks, transactions and the blocks' time go on."""

from __future__ import annotations

import json
import re
import statistics
import time
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.chain import ADMINS, Chain, await_that
from tests.validators import Network, start_network

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network

ZHEJIANG, ANHUI = 2, 3
NOWHERE = b"\x99" * 20
TEN_MINUTES = 600
NEAR = 15.0
"""Seconds, for a machine that is busy; against the 600 of the wrong clock."""


@pytest.fixture
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Four validators of a chain that is an hour old, for a clock before the genesis time waits for it."""
    root, founders = tmp_path_factory.mktemp("clocks") / "validators", [admin.address for admin in ADMINS]
    started = start_network(root, founders, heartbeat="2s", clock="-1h")
    try:
        yield started
    finally:
        started.stop()


@pytest.mark.parametrize(("clock", "word"), [("10m", "ahead of"), ("-10m", "behind")])
def test_a_clock_ten_minutes_wrong_is_named_and_nothing_stops_or_is_lost(
    network: Network, clock: str, word: str
) -> None:
    network.kill(ANHUI)
    network.start(ANHUI, clock=clock)
    first = network.height(0)
    await_that(lambda: proposed(network, first, with_transactions=False) > 0)  # it takes part again
    first, chain = network.height(0), chain_of(network)
    sent = []
    deadline = time.monotonic() + 120
    while proposed(network, first, with_transactions=True) < 3:
        assert time.monotonic() < deadline, "its blocks carry no transactions"
        sent += [chain.send(admin, NOWHERE, b"") for admin in ADMINS]
        time.sleep(0.1)

    hashes = [answer["result"] for answer in sent if isinstance(answer, dict)]
    assert len(set(hashes)) == len(sent) > 0
    await_that(lambda: all(chain.result("eth_getTransactionReceipt", each) for each in hashes))
    last = network.height(0)
    times = [seconds(header(network, height)["time"]) for height in range(first, last + 1)]
    gaps = [after - before for before, after in pairwise(times)]
    assert 0 < min(gaps) <= statistics.median(gaps) < max(gaps) < NEAR
    assert abs(seconds(newest(network)["time"]) - time.time()) < NEAR
    assert abs(voted_at(network) - time.time()) > TEN_MINUTES - NEAR or clock.startswith("-")
    network.wait(ANHUI, last)
    assert len({network.asked(n, f"block?height={last}")["block_id"]["hash"] for n in range(4)}) == 1
    await_that(lambda: word in said(network, ANHUI))
    assert all(not said(network, n) for n in range(3))


def chain_of(network: Network) -> Chain:
    return Chain(network.addresses.rpc[0], network.addresses.consensus[0], 310320, b"")


def header(network: Network, height: int) -> Any:  # noqa: ANN401 - JSON of the validator
    return network.asked(0, f"block?height={height}")["block"]["header"]


def newest(network: Network) -> Any:  # noqa: ANN401 - JSON of the validator
    return network.asked(0, "commit")["signed_header"]["header"]


def proposed(network: Network, since: int, *, with_transactions: bool) -> int:
    """Count Anhui's blocks since a height, all or those that carry something."""
    own, found = address(network), 0
    for height in range(since, network.height(0) + 1):
        block = network.asked(0, f"block?height={height}")["block"]
        found += block["header"]["proposer_address"] == own and bool(block["data"]["txs"] or not with_transactions)
    return found


def voted_at(network: Network) -> float:
    """Give the time of Anhui's newest vote in a commit."""
    for height in range(network.height(0), 0, -1):
        for each in network.asked(0, f"commit?height={height}")["signed_header"]["commit"]["signatures"]:
            if each["validator_address"] == address(network):
                return seconds(each["timestamp"])
    raise AssertionError("it never voted")


def address(network: Network) -> str:
    return str(json.loads((network.home(ANHUI) / "config/priv_validator_key.json").read_text("utf-8"))["address"])


def said(network: Network, number: int) -> str:
    """Give what a validator said last of its own clock; empty where it said nothing."""
    lines = re.findall(r"network\.clock: .*", network.log(number).read_text("utf-8"))
    return lines[-1] if lines else ""


def seconds(told: str) -> float:
    whole, _, part = told.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{part or 0}")
