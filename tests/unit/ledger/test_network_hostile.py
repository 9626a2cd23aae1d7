"""Endpoints that lie or lag: none is believed, each has its name, and the honest ones still serve."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ecert.domain.errors import Unavailable
from ledger.drivers.permissioned import NetworkLedger
from ledger.port import Call, SignedTransaction
from tests.hostile_endpoint import CLERK, CONSORTIUM, Endpoint, grant
from tests.signed_chain import validators_answer
from tests.unit.ledger.network import MEMBERS, NOW, Net, network, some_chain

Json = Any
Bend = Callable[[str, Json, Json], Json]
NAMES = {CONSORTIUM: "Consortium"}


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with network(tmp_path) as opened:
        yield opened


def reading(ledger: NetworkLedger, net: Net) -> tuple[object, ...]:
    """Everything that a follower and a sender ask."""
    head = ledger.head()
    blocks = list(ledger.blocks(first=0, last=head.number, contracts=NAMES))
    outcomes = [ledger.outcome(each.hash) for found in net.chain.transactions.values() for each in found]
    slots = [ledger.slot(CONSORTIUM, slot, block=head.number) for slot in (0, 1)]
    return head, blocks, outcomes, slots


def change(told: Json, *path: str | int, to: Json) -> Json:
    for step in path[:-1]:
        told = told[step]
    told[path[-1]] = to
    return told


def header_lie(name: str, value: str) -> Bend:
    def bend(method: str, _params: Json, honest: Json) -> Json:
        if method == "commit":
            change(honest, "signed_header", "header", name, to=value)
        return honest

    return bend


def forged_past(method: str, params: Json, honest: Json) -> Json:
    """Change a block of the past; the newest stays as it is signed."""
    if method == "blockchain" and int(params["minHeight"]) <= 4 <= int(params["maxHeight"]):
        change(honest, "block_metas", int(params["maxHeight"]) - 4, "header", "data_hash", to="AA" * 32)
    return honest


def strangers_sign(net: Net) -> Bend:
    other = some_chain(sets={1: (7, 8, 9)})

    def bend(method: str, params: Json, honest: Json) -> Json:
        if method == "commit":
            return other.commit(int(params.get("height", 12)) if isinstance(params, dict) else 12)
        return validators_answer((7, 8, 9)) if method == "validators" else honest

    assert net.chain.sets != other.sets
    return bend


def two_of_four_sign(net: Net) -> Bend:
    def bend(method: str, _params: Json, honest: Json) -> Json:
        if method == "commit":
            height = int(honest["signed_header"]["header"]["height"])
            return net.chain.signed(net.chain.header(height), MEMBERS, absent=(0, 1))
        return honest

    return bend


def forged_log(method: str, _params: Json, honest: Json) -> Json:
    if method == "block_results" and honest["txs_results"]:
        content = base64.b64decode(honest["txs_results"][0]["data"]).replace(b"\x01" * 20, b"\x66" * 20)
        change(
            honest, "txs_results", 0, "data", to=base64.b64encode(content.replace(b"\x03" * 20, b"\x66" * 20)).decode()
        )
        change(honest, "txs_results", 0, "gas_used", to="8")
    return honest


def hidden_results(method: str, _params: Json, honest: Json) -> Json:
    return {"txs_results": None} if method == "block_results" else honest


def doubled_results(method: str, _params: Json, honest: Json) -> Json:
    if method == "block_results" and honest["txs_results"]:
        honest["txs_results"] *= 2
    return honest


def failure_told_as_success(method: str, _params: Json, honest: Json) -> Json:
    if method == "block_results" and honest["txs_results"]:
        content = base64.b64decode(honest["txs_results"][-1]["data"]).replace(b"execution reverted", b"")
        change(honest, "txs_results", -1, "data", to=base64.b64encode(content + b"\x00").decode())
    return honest


def forged_state(method: str, _params: Json, honest: Json) -> Json:
    if method == "abci_query":
        ops = honest["response"]["proofOps"]["ops"]
        content = bytearray(base64.b64decode(ops[0]["data"]))
        content[70] ^= 1
        ops[0]["data"] = base64.b64encode(content).decode()
    return honest


LIES: dict[str, Callable[[Net], Bend]] = {
    "header: application hash": lambda _: header_lie("app_hash", "AB" * 32),
    "header: time": lambda _: header_lie("time", "2027-01-15T08:00:05Z"),
    "header: chain": lambda _: header_lie("chain_id", "another"),
    "header: height": lambda _: header_lie("height", "13"),
    "header: results": lambda _: header_lie("last_results_hash", "AB" * 32),
    "commit: strangers": strangers_sign,
    "commit: two of four": two_of_four_sign,
    "past block": lambda _: forged_past,
    "log": lambda _: forged_log,
    "results hidden": lambda _: hidden_results,
    "results doubled": lambda _: doubled_results,
    "outcome": lambda _: failure_told_as_success,
    "state": lambda _: forged_state,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_liar_is_left_out_and_the_truth_still_told(net: Net, lie: Callable[[Net], Bend]) -> None:
    honest = net.add()[0]
    with closing(net.open()) as ledger:
        truth = reading(ledger, net)
    liar = net.add()[0]
    (net.home / "light.json").unlink()
    with closing(net.open([liar, honest])) as ledger:
        liar.bend = lie(net)
        assert reading(ledger, net) == truth
        assert [(v.is_up) for v in ledger.validators()] == [False, True]
        assert ledger._validators.left_out() == (ledger.validators()[0].name,)
        asked = len(liar.asked)
        ledger.next_nonce(CLERK.address) if len(net.endpoints) > 2 else ledger.outcome(bytes(32))
        assert len(liar.asked) == asked


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_liar_alone_is_not_believed_either(net: Net, lie: Callable[[Net], Bend]) -> None:
    (liar,) = net.add()
    with closing(net.open()) as ledger:
        liar.bend = lie(net)
        with pytest.raises(Unavailable, match=r"ledger\.untrusted"):
            reading(ledger, net)


def test_a_receipt_for_what_did_not_happen_is_caught(net: Net) -> None:
    liar, _ = net.add(2)
    invented = grant(9, b"\x09" * 20)
    liar.bend = lambda m, _p, honest: {"blockNumber": "0x3"} if m == "eth_getTransactionReceipt" else honest
    with closing(net.open()) as ledger:
        ledger.head()
        assert ledger.outcome(invented.hash) is None
        assert len(ledger._validators.left_out()) == 1


def test_a_receipt_with_a_lie_about_success_changes_nothing(net: Net) -> None:
    (liar,) = net.add()
    liar.bend = lambda m, _p, honest: honest | {"status": "0x1"} if m == "eth_getTransactionReceipt" else honest
    with closing(net.open()) as ledger:
        outcome = ledger.outcome(net.chain.transactions[8][1].hash)
        assert outcome is not None
        assert outcome.succeeded is False


def test_a_hidden_receipt_is_found_elsewhere_once_the_nonce_is_used(net: Net) -> None:
    liar, *_ = net.add(4)
    liar.bend = lambda m, _p, honest: None if m == "eth_getTransactionReceipt" else honest
    sent = net.chain.transactions[3][0]
    with closing(net.open()) as ledger:
        assert ledger.outcome(sent.hash) is None  # hidden, and asked for once only
        ledger.submit(SignedTransaction(sent.raw, sent.hash))
        found = ledger.outcome(sent.hash)
        assert found is not None
        assert found.block == 3
    assert not any(each.received for each in net.endpoints)


@pytest.mark.parametrize("named", ["0xd", "0xffffffffffffffff", "-0x1", "3", "", None, 3])
def test_a_receipt_from_no_block_of_ours_stops_nobody(net: Net, named: object) -> None:
    liar, *_ = net.add(4)
    liar.bend = lambda m, _p, honest: {"blockNumber": named} if m == "eth_getTransactionReceipt" else honest
    sent = net.chain.transactions[3][0]
    with closing(net.open()) as ledger:
        ledger.outcome(sent.hash)
        ledger.submit(SignedTransaction(sent.raw, sent.hash))
        found = ledger.outcome(sent.hash)
        assert found is not None
        assert found.block == 3


def test_a_height_that_goes_back_takes_the_head_nowhere(net: Net) -> None:
    fast, slow = net.add(2)
    with closing(net.open()) as ledger:
        assert ledger.head().number == 12
        fast.top = slow.top = 6
        time.sleep(0.25)  # longer than a head is believed without asking
        with pytest.raises(Unavailable):
            ledger.head()
        slow.top = 12
        time.sleep(0.25)
        assert ledger.head().number == 12
        assert fast.asked.count("commit") > 1


def test_one_lying_nonce_or_view_is_outvoted(net: Net) -> None:
    liar, *_ = net.add(3)
    liar.bend = lambda m, _p, honest: (
        "0x63" if m == "eth_getTransactionCount" else "0x" + "09".zfill(64) if m == "eth_call" else honest
    )
    with closing(net.open()) as ledger:
        assert ledger.next_nonce(CLERK.address) == 4
        assert ledger.ask(Call("Consortium", CONSORTIUM, "proposalCount")) == (7,)


def test_two_that_differ_are_no_answer(net: Net) -> None:
    liar, _ = net.add(2)
    with closing(net.open()) as ledger:
        liar.bend = lambda m, _p, honest: "0x63" if m == "eth_getTransactionCount" else honest
        with pytest.raises(Unavailable, match=r"ledger\.disagreement"):
            ledger.next_nonce(CLERK.address)


def test_another_genesis_and_another_number_are_named(net: Net, tmp_path: Path) -> None:
    foreign = net.add(chain=some_chain(sets={1: (4, 5, 6, 7)}))[0]
    with pytest.raises(Unavailable, match=r"ledger\.genesis"):
        net.open([foreign])
    first, second = net.add(2)
    first.bend = lambda m, _p, honest: "0x1" if m == "eth_chainId" else honest
    with pytest.raises(Unavailable, match=r"ledger\.disagreement"):
        net.open([first, second])
    assert not (tmp_path / "light.json").exists()


def test_a_clock_that_is_ten_minutes_slow_blames_itself(net: Net) -> None:
    net.add(2)
    with pytest.raises(Unavailable, match=r"light\.clock"):
        net.open(now=NOW - 620)


def test_a_clock_that_is_ten_minutes_fast_finds_the_chain_old_and_blames_no_validator(net: Net) -> None:
    net.add(2)
    with closing(net.open(now=NOW)) as right, closing(net.open(now=NOW + 600)) as fast:
        assert fast.head() == right.head()
        assert reading(fast, net) == reading(right, net)
        assert NOW + 600 - fast.head().time >= 600
        assert [each.reason for each in fast._validators.endpoints] == [None, None]


def test_a_block_of_tomorrow_is_not_taken_in(net: Net) -> None:
    liar, _ = net.add(2)
    with closing(net.open()) as ledger:
        liar.bend = header_lie("time", "2027-02-01T00:00:00Z")
        assert ledger.head().number == 12
        assert ledger._validators.endpoints[0].reason == "light.clock"


def test_a_change_of_validators_is_followed(tmp_path: Path) -> None:
    sets = {1: (0, 1, 2, 3), 5: (0, 1, 2, 4), 9: (0, 1, 4, 5)}
    with network(tmp_path, some_chain(sets=sets)) as net:
        (endpoint,) = net.add()
        endpoint.top = 4
        with closing(net.open()) as ledger:
            assert ledger.head().number == 4
            endpoint.top = 12
            time.sleep(0.25)
            assert ledger.head().number == 12
            assert len(list(ledger.blocks(first=1, last=12, contracts=NAMES))) == 12


def test_a_stolen_majority_of_a_past_set_forges_nothing_now(tmp_path: Path) -> None:
    sets = {1: (0, 1, 2, 3), 5: (4, 5, 6, 7)}
    with network(tmp_path, some_chain(sets=sets)) as net:
        (liar,) = net.add()
        with closing(net.open()) as ledger:
            ledger.head()
        forged = some_chain(sets={1: (0, 1, 2, 3)}, transactions={}, top=20)
        usurper = Endpoint(forged)
        net.endpoints.append(usurper)
        with closing(net.open([usurper])) as ledger, pytest.raises(Unavailable, match=r"ledger\.untrusted"):
            ledger.head()
        assert liar.asked
