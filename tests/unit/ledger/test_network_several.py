"""Following asks several things in one request where a validator takes it, and one by one where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecert.domain.errors import Unavailable
from ledger.drivers import wire
from tests.hostile_endpoint import CONSORTIUM, Endpoint, grant
from tests.signed_chain import BEGUN
from tests.unit.ledger.network import Net, network, some_chain

if TYPE_CHECKING:
    from ledger.port import FinalBlock, Ledger

TOP = 30
BUSY = range(3, 26)


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    transactions = {height: [grant(height, bytes([height]) * 20)] for height in BUSY}
    with network(tmp_path, some_chain(transactions=transactions, top=TOP)) as opened:
        opened.add(2)
        yield opened


def test_many_busy_blocks_are_read_in_few_requests(net: Net) -> None:
    net.endpoints[0].requests = 0
    with_all = _followed(net)
    assert [len(block.events) for block in with_all] == [int(block.number in BUSY) for block in with_all]
    assert net.endpoints[0].asked.count("block_results") == len(BUSY)
    assert net.endpoints[0].requests < len(BUSY)


@pytest.mark.parametrize("at_once", [0, 1, 3])
def test_a_validator_that_takes_fewer_at_once_is_asked_one_by_one(net: Net, at_once: int) -> None:
    expected = _followed(net)
    net.endpoints[0].at_once, net.endpoints[0].requests = at_once, 0
    assert _followed(net) == expected
    assert net.endpoints[0].requests > len(BUSY)
    assert "block_results" not in net.endpoints[1].asked


def test_answers_too_large_together_are_asked_for_one_by_one(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _followed(net)
    monkeypatch.setattr(wire, "LARGEST", 120_000)
    net.endpoints[0].bend = _padded
    assert _followed(net) == expected
    assert "block_results" not in net.endpoints[1].asked


def test_one_forged_among_several_leaves_the_endpoint_out(net: Net) -> None:
    expected = _followed(net)

    def forged(method: str, params: Any, honest: Any) -> Any:  # noqa: ANN401 - JSON
        return {"txs_results": None} if method == "block_results" and params["height"] == "17" else honest

    net.endpoints[0].bend = forged
    ledger = net.open(now=BEGUN + TOP)
    assert _read(ledger) == expected
    assert [each.is_up for each in ledger.validators()] == [False, True]
    ledger.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told[1:],
        lambda told: [*told[1:], None],
        lambda _told: [],
        lambda _told: {"result": 7},
        lambda told: [{**each, "id": 3} for each in told],
    ],
)
def test_too_few_answers_are_no_answer(net: Net, spoil: Callable[[Any], Any]) -> None:
    for endpoint in net.endpoints:
        _spoil(endpoint, spoil)
    ledger = net.open(now=BEGUN + TOP)
    with pytest.raises(Unavailable) as caught:
        _read(ledger)
    assert caught.value.code == "ledger.answer_form"
    ledger.close()


def _spoil(endpoint: Endpoint, spoil: Callable[[Any], Any]) -> None:
    honest = endpoint.answered
    endpoint.answered = lambda asked: spoil(honest(asked)) if isinstance(asked, list) else honest(asked)  # type: ignore[method-assign] # bent


def _padded(method: str, _params: Any, honest: Any) -> Any:  # noqa: ANN401 - JSON
    return {**honest, "more": "x" * 40_000} if method == "block_results" else honest


def _followed(net: Net) -> list[FinalBlock]:
    ledger = net.open(now=BEGUN + TOP)
    try:
        return _read(ledger)
    finally:
        ledger.close()


def _read(ledger: Ledger) -> list[FinalBlock]:
    last = ledger.head().number
    return list(ledger.blocks(first=1, last=last, contracts={CONSORTIUM: "Consortium"}))
