"""Whom the driver asks next: rests, jitter, failover, and the same bytes again to another validator."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import artifacts
from ecert.domain.errors import Malformed, Unavailable, VerificationFailed
from ledger.drivers.gas import BLOCK_GAS, call_gas, deployment_gas
from ledger.drivers.network import Addresses
from ledger.drivers.postbox import AGAIN, Postbox
from ledger.drivers.results import NO_RESULTS, prove_results, raw_transactions
from ledger.drivers.validators import LEFT_OUT, Behind, Endpoint, Validators
from ledger.drivers.wire import Refusal
from ledger.port import SignedTransaction
from tests.contracts.gas import measure
from tests.hostile_endpoint import grant
from tests.unit.ledger.network import Net, network

SENT = SignedTransaction(grant(4, b"\x05" * 20).raw, grant(4, b"\x05" * 20).hash)


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with network(tmp_path) as opened:
        yield opened


def named(count: int, clock: Clock) -> Validators:
    addresses = Addresses([f"http://{n}/r" for n in range(count)], [f"http://{n}/c" for n in range(count)])
    return Validators(addresses.endpoints(silence=1), clock)


def failing(*names: str, how: Callable[[], Exception]) -> Callable[[Endpoint], str]:
    def question(endpoint: Endpoint) -> str:
        if endpoint.name in names:
            raise how()
        return endpoint.name

    return question


def away() -> Exception:
    return Unavailable("ledger.silent", "x")


def test_a_fault_is_answered_by_the_next_who_stays_first() -> None:
    clock = Clock()
    validators = named(3, clock)
    assert validators.first(failing("0/r", how=away)) == "1/r"
    clock.seconds += 60
    assert validators.first(failing(how=away)) == "1/r"
    assert sum(count for _, _, count in validators.changes.samples()) == 1


def test_rests_double_to_ten_seconds_and_jitter() -> None:
    clock = Clock()
    validators = named(1, clock)
    rests = []
    for _ in range(12):
        with pytest.raises(Unavailable, match=r"ledger\.silent"):
            validators.first(failing("0/r", how=away))
        rests.append(validators.endpoints[0].rests_until - clock.seconds)
        clock.seconds = validators.endpoints[0].rests_until
    for place, rest in enumerate(rests):
        whole = min(0.5 * 2**place, 10.0)
        assert whole / 2 <= rest <= whole
    assert len({round(rest, 6) for rest in rests[6:]}) > 1


def test_who_rests_is_not_asked() -> None:
    validators = named(1, Clock())
    with pytest.raises(Unavailable):
        validators.first(failing("0/r", how=away))

    def never(_: Endpoint) -> NoReturn:
        pytest.fail("asked while it rests")

    with pytest.raises(Unavailable, match=r"ledger\.silent"):
        validators.first(never)


@pytest.mark.parametrize(
    "lie", [lambda: VerificationFailed("x"), lambda: Unavailable("evidence.proof"), lambda: Unavailable("light.height")]
)
def test_a_lie_costs_an_hour(lie: Callable[[], Exception]) -> None:
    clock = Clock()
    validators = named(2, clock)
    assert validators.first(failing("0/r", how=lie)) == "1/r"
    assert validators.left_out() == ("0/r",)
    clock.seconds += LEFT_OUT - 1
    assert validators.first(failing(how=away)) == "1/r"
    with pytest.raises(Unavailable, match=r"ledger\.untrusted"):
        validators.first(failing("1/r", how=away))
    clock.seconds += 2
    validators.first(failing("1/r", how=Behind))
    assert validators.left_out() == ()


def test_who_is_behind_is_passed_over_and_rests_not() -> None:
    validators = named(2, Clock())
    assert validators.first(failing("0/r", how=Behind)) == "1/r"
    assert validators.endpoints[0].rests_until == 0.0
    assert all(each.is_up for each in validators.seen())


def test_a_block_that_is_only_just_made_is_waited_for() -> None:
    validators = named(2, Clock())
    waited: list[float] = []
    validators.pause = waited.append

    def question(endpoint: Endpoint) -> int:
        if len(waited) < 3 and endpoint.name == "1/r":
            raise Behind
        return 7

    assert validators.agreed(question) == 7
    assert len(waited) == 3
    with pytest.raises(Unavailable):
        validators.first(failing("0/r", "1/r", how=Behind), tries=5)
    assert len(waited) == 7


def test_two_must_agree_where_two_are_named() -> None:
    assert named(1, Clock()).agreed(lambda endpoint: endpoint.name) == "0/r"
    with pytest.raises(Unavailable, match=r"ledger\.disagreement"):
        named(3, Clock()).agreed(lambda endpoint: endpoint.name)
    assert named(3, Clock()).agreed(lambda endpoint: endpoint.name == "0/r") is False
    with pytest.raises(Unavailable, match=r"ledger\.silent"):
        named(2, Clock()).agreed(failing("1/r", how=away))


def test_the_same_bytes_go_to_the_next_validator_after_four_seconds(net: Net) -> None:
    net.add(3)
    clock = Clock()
    postbox = Postbox(net.validators(clock))
    for turn in range(4):
        assert postbox.is_fresh(SENT.hash) is False
        postbox.send(SENT)
        clock.seconds += AGAIN - 0.1
        assert postbox.is_fresh(SENT.hash) is True
        clock.seconds += 0.2
        assert sum(len(each.received) for each in net.endpoints) == turn + 1
    assert [each.received for each in net.endpoints] == [[SENT.raw] * 2, [SENT.raw], [SENT.raw]]
    assert sum(count for _, _, count in postbox.again.samples()) == 3


@pytest.mark.parametrize("message", ["x: tx already in mempool", "invalid nonce; got 7, expected 4", "mempool is full"])
def test_what_waits_already_or_may_later_is_no_refusal(net: Net, message: str) -> None:
    net.add(2)
    refuse(net, 0, message)
    Postbox(net.validators(Clock())).send(SENT)


def test_one_validator_alone_cannot_refuse_a_transaction(net: Net) -> None:
    net.add(2)
    refuse(net, 0, "we do not like it")
    Postbox(net.validators(Clock())).send(SENT)
    assert net.endpoints[1].received == [SENT.raw]
    refuse(net, 1, "neither do we")
    with pytest.raises(Malformed, match=r"ledger\.transaction"):
        Postbox(net.validators(Clock())).send(SENT)


def test_a_validator_of_another_chain_is_named(net: Net) -> None:
    net.add()
    refuse(net, 0, "incorrect chain-id; expected 7, got 31")
    with pytest.raises(Unavailable, match=r"ledger\.other_network"):
        Postbox(net.validators(Clock())).send(SENT)


def refuse(net: Net, number: int, message: str) -> None:
    honest = net.endpoints[number].answer

    def answer(method: str, params: object) -> object:
        if method == "eth_sendRawTransaction":
            raise LookupError(message)
        return honest(method, params)

    net.endpoints[number].answer = answer  # type: ignore[method-assign] # the endpoint's own behaviour is bent


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary().map(str), st.lists))
def test_results_that_are_none_fail_and_nothing_else(told: object) -> None:
    for shaped in (told, {"txs_results": told}, {"txs_results": [told]}, {"txs_results": [{"data": told}]}):
        try:
            assert prove_results(shaped, results_hash=NO_RESULTS) == ()
        except VerificationFailed:
            continue
    for shaped in (told, {"block": {"data": {"txs": told}}}, {"block": {"data": {"txs": [told]}}}):
        try:
            list(raw_transactions(shaped))
        except VerificationFailed:
            continue


@pytest.fixture
def default_stack() -> Iterator[None]:
    """Give the test the interpreter's own limit, which other tests raise."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("default_stack")
def test_results_as_deep_as_json_may_be_fail() -> None:
    deep = orjson.loads(b"[" * 1000 + b"]" * 1000)
    for entry in ({"data": deep}, {"code": deep}, {"gas_used": deep}):
        with pytest.raises(VerificationFailed):
            prove_results({"txs_results": [entry]}, results_hash=NO_RESULTS)
    with pytest.raises(VerificationFailed):
        list(raw_transactions({"block": {"data": {"txs": [deep]}}}))


@given(st.binary(max_size=200))
def test_a_transaction_of_any_bytes_is_passed_over(content: bytes) -> None:
    list(raw_transactions({"block": {"data": {"txs": [b64encode(content).decode()]}}}))


def test_every_limit_is_above_what_was_measured_and_fits_into_a_block() -> None:
    for cost in measure():
        contract, _, function = cost.call.partition(".")
        first = cost.case.split(" ")[0].replace(",", "")
        words = 3 * int(first) if function == "recognise" and first.isdigit() else int(first) if first.isdigit() else 3
        code = artifacts.load(contract).bytecode
        limit = call_gas(function, bytes(32 * words)) if function else deployment_gas(code)
        assert cost.gas < limit < BLOCK_GAS, cost
    assert call_gas("setStatus", bytes(200_000)) < BLOCK_GAS


def test_an_error_of_an_endpoint_is_a_fault() -> None:
    validators = named(1, Clock())
    with pytest.raises(Unavailable, match=r"ledger\.answer_refused"):
        validators.first(failing("0/r", how=partial(Refusal, "no")))
