"""Every promise in the docstrings of `ledger.port.Ledger`, held against every driver."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

import eth_abi
import pytest
from eth_hash.auto import keccak
from eth_utils.abi import collapse_if_tuple

from contracts import artifacts
from ecert.domain.errors import Conflict, Malformed, NotAllowed, NotFound
from ledger.drivers import calls
from ledger.port import Call, SignedTransaction
from tests.conformance.ledgers import REGIONS, Consortium, admin, grant, role, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.port import Event, FinalBlock, Ledger

NOWHERE = b"\x77" * 20


def all_blocks(house: Consortium) -> list[FinalBlock]:
    head = house.ledger.head().number
    return list(house.ledger.blocks(first=0, last=head, contracts=house.by_address))


def events_of(house: Consortium, block: int) -> tuple[Event, ...]:
    (found,) = house.ledger.blocks(first=block, last=block, contracts=house.by_address)
    return found.events


def test_identity_and_content_survive_reopening(open_chain: Callable[[str], Ledger]) -> None:
    with closing(open_chain("one")) as ledger:
        before = ledger.identity()
        house = Consortium.found(ledger)
        sent = house.prepare("Consortium", "vote", 99, by=admin(31))
        outcome = house.settle(sent)
        head = ledger.head()
    with closing(open_chain("one")) as ledger:
        assert ledger.identity() == before
        assert ledger.outcome(sent.hash) == outcome
        assert ledger.head().number >= head.number
        (block,) = ledger.blocks(first=head.number, last=head.number, contracts={})
        assert block.hash == head.hash
        house.ledger = ledger
        assert house.ask("Consortium", "current", role("trust")) == (house.contracts["TrustRegistry"],)


def test_two_chains_are_told_apart(open_chain: Callable[[str], Ledger]) -> None:
    with closing(open_chain("one")) as one, closing(open_chain("two")) as two:
        assert one.identity().genesis != two.identity().genesis
        (first,) = one.blocks(first=0, last=0, contracts={})
        assert first.hash == one.identity().genesis


def test_contracts_stand_where_the_vote_put_them(house: Consortium) -> None:
    (entries,) = house.ask("Consortium", "directory", role("status"))
    assert [entry[0] for entry in entries] == [house.contracts["StatusRegistry"]]
    (members,) = house.ask("Consortium", "members")
    assert [(member[0], member[2]) for member in members] == [(r, admin(r).address) for r in REGIONS]


def test_final_transactions_are_counted(house: Consortium) -> None:
    account = calls.account(keccak(b"counted"))
    assert house.ledger.next_nonce(account.address) == 0
    call = house.call("Consortium", "vote", 1)
    for nonce in range(3):
        house.settle(house.ledger.prepare(call, account, nonce=nonce))
        assert house.ledger.next_nonce(account.address) == nonce + 1


def test_the_same_bytes_again_are_no_error(house: Consortium) -> None:
    sent = house.prepare("Consortium", *grant(31, "anchor", NOWHERE), by=admin(31))
    for _ in range(3):
        house.ledger.submit(sent)
    outcome = house.final(sent)
    nonce = house.ledger.next_nonce(admin(31).address)
    house.ledger.submit(sent)
    house.do("Consortium", *grant(32, "anchor", NOWHERE), by=admin(32))
    assert house.ledger.next_nonce(admin(31).address) == nonce
    assert house.ledger.outcome(sent.hash) == outcome
    assert [e.args["account"] for e in events_of(house, outcome.block)].count(NOWHERE) == 1


def test_signing_twice_gives_the_same_bytes(house: Consortium) -> None:
    call = house.call("Consortium", "vote", 1)
    once, twice = (house.ledger.prepare(call, house.stranger, nonce=7) for _ in range(2))
    assert once == twice
    assert once.hash == keccak(once.raw)


def test_a_used_nonce_is_refused_to_another_transaction(house: Consortium) -> None:
    house.do("Consortium", *grant(33, "audit", NOWHERE), by=admin(33))
    nonce = house.ledger.next_nonce(admin(33).address) - 1
    other = house.ledger.prepare(house.call("Consortium", "vote", 1), admin(33), nonce=nonce)
    with pytest.raises(Conflict, match=r"ledger\.nonce_used"):
        house.ledger.submit(other)


def test_a_nonce_ahead_waits_for_those_before_it(house: Consortium) -> None:
    account = calls.account(keccak(b"ahead"))
    call = house.call("Consortium", "vote", 1)
    third, first, second = (house.ledger.prepare(call, account, nonce=nonce) for nonce in (2, 0, 1))
    house.ledger.submit(third)
    house.settle(first)
    assert house.ledger.outcome(third.hash) is None
    house.settle(second)
    assert house.final(third).succeeded is False
    assert house.ledger.next_nonce(account.address) == 3


def test_dependent_calls_run_in_the_order_sent(house: Consortium) -> None:
    """A call may be signed and sent while those that it depends on are not final yet."""
    account, status = house.clerk, "StatusRegistry"
    nonce = house.ledger.next_nonce(account.address)
    (count,) = house.ask(status, "listCount", 31)
    at = house.ledger.head().time
    sent = [
        house.ledger.prepare(house.call(status, function, *args), account, nonce=nonce + step)
        for step, (function, *args) in enumerate(
            [
                ("createList", 31, count + 1, 1024),
                ("setStatus", 31, count + 1, (5,), 2, at),
                ("setStatus", 31, count + 1, (5,), 0, at),
            ]
        )
    ]
    for transaction in sent:
        house.ledger.submit(transaction)
    assert [house.final(transaction).succeeded for transaction in sent] == [True] * 3


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\xc0", b"\x02\xc0", b"\x03" + bytes(50), bytes(200)])
def test_bytes_that_are_no_transaction_are_malformed(house: Consortium, raw: bytes) -> None:
    with pytest.raises(Malformed, match=r"ledger\.transaction"):
        house.ledger.submit(SignedTransaction(raw, keccak(raw)))


def test_another_chains_transaction_is_malformed(house: Consortium) -> None:
    chain = house.ledger.identity().chain_id + 1
    foreign = calls.sign(house.stranger, chain_id=chain, nonce=0, gas=50_000, to=NOWHERE, payload=b"")
    with pytest.raises(Malformed, match=r"ledger\.transaction"):
        house.ledger.submit(foreign)


def test_a_refusal_tells_the_contracts_own_error(house: Consortium) -> None:
    outcome = house.settle(house.prepare("Consortium", "vote", 1, by=house.stranger))
    assert (outcome.succeeded, outcome.error, outcome.created) == (False, "ConsortiumNotMember", None)
    assert events_of(house, outcome.block) == ()


def test_a_refused_deployment_creates_nothing(house: Consortium) -> None:
    nonce = house.ledger.next_nonce(house.stranger.address)
    sent = house.ledger.prepare_deployment("Consortium", ((), (), ()), house.stranger, nonce=nonce)
    outcome = house.settle(sent)
    assert (outcome.succeeded, outcome.error, outcome.created) == (False, "ConsortiumEmpty", None)


def test_trying_a_call_changes_nothing(house: Consortium) -> None:
    call = house.call("Consortium", *grant(34, "anchor", NOWHERE))
    house.ledger.try_call(call, sender=admin(34).address)
    assert house.ask("Consortium", "mayAct", 34, role("anchor"), NOWHERE) == (False,)
    with pytest.raises(NotAllowed, match=r"ledger\.refused: ConsortiumNotAdmin"):
        house.ledger.try_call(call, sender=admin(31).address)


def test_trying_a_call_sees_the_present_second(house: Consortium) -> None:
    number = house.new_list()
    now = house.ledger.head().time
    present, future = (
        house.call("StatusRegistry", "setStatus", 31, number, (1,), 1, at) for at in (now, now + 10**6)
    )
    house.ledger.try_call(present, sender=house.clerk.address)
    with pytest.raises(NotAllowed, match=r"ledger\.refused: StatusFutureEffect"):
        house.ledger.try_call(future, sender=house.clerk.address)


@pytest.mark.parametrize(
    "args", [(), (31, b"", NOWHERE), ("31", role("anchor"), NOWHERE, True), (-1, role("x"), NOWHERE, True)]
)
def test_arguments_that_do_not_fit_are_malformed(house: Consortium, args: tuple[object, ...]) -> None:
    call = house.call("Consortium", "setAccount", *args)
    with pytest.raises(Malformed, match=r"ledger\.call"):
        house.ledger.prepare(call, house.stranger, nonce=0)


def test_names_that_nothing_bears_are_malformed(house: Consortium) -> None:
    for call in (house.call("Consortium", "dissolve"), Call("Senate", NOWHERE, "vote", (1,))):
        with pytest.raises(Malformed, match=r"ledger\.call"):
            house.ledger.prepare(call, house.stranger, nonce=0)
    with pytest.raises(Malformed, match=r"ledger\.call"):
        house.ledger.prepare_deployment("Senate", (), house.stranger, nonce=0)


def test_an_outcome_comes_once_and_never_changes(house: Consortium) -> None:
    sent = house.prepare("Consortium", *grant(32, "audit", NOWHERE), by=admin(32))
    assert house.ledger.outcome(sent.hash) is None
    outcome = house.settle(sent)
    until(lambda: house.ledger.head().number > outcome.block)
    assert house.ledger.outcome(sent.hash) == outcome
    (block,) = house.ledger.blocks(first=outcome.block, last=outcome.block, contracts={})
    assert block.time == outcome.time
    assert house.ledger.outcome(bytes(32)) is None


def test_an_outcome_is_final_no_later_than_the_head_says(house: Consortium) -> None:
    outcome = house.do("Consortium", *grant(33, "anchor", NOWHERE), by=admin(33))
    assert house.ledger.head().number >= outcome.block


def test_the_head_never_goes_back(house: Consortium) -> None:
    seen = [house.ledger.head()]
    for _ in range(3):
        until(lambda: house.ledger.head().number > seen[-1].number)
        seen.append(house.ledger.head())
    pairs = list(pairwise(seen))
    assert all(a.number < b.number and a.time < b.time and a.hash != b.hash for a, b in pairs)


def test_blocks_are_linked_and_their_times_rise(house: Consortium) -> None:
    blocks = all_blocks(house)
    assert [block.number for block in blocks] == list(range(len(blocks)))
    for parent, child in pairwise(blocks):
        assert child.parent == parent.hash
        assert child.time > parent.time


def test_blocks_read_again_are_the_same(house: Consortium) -> None:
    blocks = all_blocks(house)
    again = list(house.ledger.blocks(first=0, last=len(blocks) - 1, contracts=house.by_address))
    assert again == blocks


def test_only_the_contracts_asked_for_are_heard(house: Consortium) -> None:
    address = house.contracts["StatusRegistry"]
    house.new_list()
    head = house.ledger.head().number
    heard = house.ledger.blocks(first=0, last=head, contracts={address: "StatusRegistry"})
    names = {event.name for block in heard for event in block.events}
    assert names == {"StatusListCreated", "StatusChanged"} & names
    assert "StatusListCreated" in names


def test_nothing_is_read_beyond_the_head(house: Consortium) -> None:
    beyond = house.ledger.head().number + 10**6
    with pytest.raises(NotFound, match=r"ledger\.no_block"):
        list(house.ledger.blocks(first=beyond, last=beyond, contracts={}))
    with pytest.raises(NotFound, match=r"ledger\.no_block"):
        house.ask("Consortium", "members", block=beyond)


def test_events_are_decoded_and_equal_their_bytes(house: Consortium) -> None:
    """Compared with the artefacts and the plain codec, not with the driver's own."""
    events = [event for block in all_blocks(house) for event in block.events]
    assert {event.contract for event in events} >= {"Consortium"}
    for event in events:
        assert house.contracts[event.contract] == event.address
        (entry,) = (e for e in artifacts.load(event.contract).abi if e.get("name") == event.name)
        types = [collapse_if_tuple(field) for field in entry["inputs"]]
        assert list(event.args) == [field["name"] for field in entry["inputs"]]
        assert event.topic == keccak(f"{event.name}({','.join(types)})".encode())
        assert event.payload == eth_abi.encode(types, list(event.args.values()))


def test_addresses_and_bytes_are_bytes(house: Consortium) -> None:
    outcome = house.do("Consortium", *grant(34, "status", NOWHERE), by=admin(34))
    (event,) = events_of(house, outcome.block)
    assert event.name == "AccountSet"
    assert dict(event.args) == {"region": 34, "role": role("status"), "account": NOWHERE, "allowed": True}


@pytest.mark.parametrize("contract", artifacts.NAMES)
def test_the_running_hash_proves_that_no_event_is_missing(house: Consortium, contract: str) -> None:
    house.new_list()
    blocks = all_blocks(house)
    count, running = 0, bytes(32)
    for event in (event for block in blocks for event in block.events if event.contract == contract):
        count += 1
        running = keccak(running + event.topic + keccak(event.payload))
    address, last = house.contracts[contract], blocks[-1].number
    assert house.ledger.slot(address, 0, block=last) == count.to_bytes(32, "big")
    assert house.ledger.slot(address, 1, block=last) == running


def test_older_states_still_answer(house: Consortium) -> None:
    account = calls.account(keccak(b"older")).address
    question = ("Consortium", "mayAct", 31, role("audit"), account)
    granted = house.do("Consortium", *grant(31, "audit", account), by=admin(31))
    taken = house.do("Consortium", *grant(31, "audit", account, allowed=False), by=admin(31))
    told = [house.ask(*question, block=n) for n in (granted.block - 1, granted.block, taken.block)]
    assert told == [(False,), (True,), (False,)]
    assert house.ask(*question) == (False,)


def test_a_view_that_reverts_is_refused(house: Consortium) -> None:
    with pytest.raises(NotAllowed, match=r"ledger\.refused: ConsortiumUnknownRelease"):
        house.ask("Consortium", "release", 999)


def test_where_no_contract_stands_nothing_answers(house: Consortium) -> None:
    with pytest.raises(NotFound, match=r"ledger\.no_contract"):
        house.ledger.ask(Call("Consortium", NOWHERE, "members"))


def test_one_call_changes_three_thousand_certificates(house: Consortium) -> None:
    number = house.new_list(2**17)
    indices = tuple(range(3, 129_000, 43))
    at = house.ledger.head().time
    outcome = house.do("StatusRegistry", "setStatus", 31, number, indices, 1, at, by=house.clerk)
    (event,) = events_of(house, outcome.block)
    assert len(indices) == 3000
    assert event.args["indices"] == indices
    assert house.ask("StatusRegistry", "statusOf", 31, number, indices[-1]) == (1,)
