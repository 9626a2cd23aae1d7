"""What the ledger port promises about identity, sending and outcomes, held against every driver."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from eth_hash.auto import keccak

from ecert.domain.errors import Conflict, Malformed
from ledger.drivers import calls
from ledger.port import Call, SignedTransaction
from tests.conformance.ledgers import NOWHERE, REGIONS, Consortium, admin, grant, role, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.port import Ledger


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
    account = house.admit(calls.account(keccak(b"counted")))
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
    assert [e.args["account"] for e in house.events_of(outcome.block)].count(NOWHERE) == 1


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
    account = house.admit(calls.account(keccak(b"ahead")))
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
    assert house.events_of(outcome.block) == ()


def test_a_refused_deployment_creates_nothing(house: Consortium) -> None:
    nonce = house.ledger.next_nonce(house.stranger.address)
    sent = house.ledger.prepare_deployment("Consortium", ((), (), ()), house.stranger, nonce=nonce)
    outcome = house.settle(sent)
    assert (outcome.succeeded, outcome.error, outcome.created) == (False, "ConsortiumEmpty", None)


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
