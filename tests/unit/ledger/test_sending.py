from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ecert.domain.errors import Malformed, Unavailable
from ledger import acts
from ledger.port import Ledger, SignedTransaction
from ledger.sending import Sending
from ledger.store import queue as queue_rows
from tests.unit.ledger.standing import House, reopened, standing


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[House]:
    with standing(tmp_path_factory, tmp_path) as house:
        yield house


@dataclass
class Watched:
    """A ledger that writes down what it was handed, and may be away."""

    ledger: Ledger
    sent: list[bytes] = field(default_factory=list)
    is_away: bool = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the ledger has
        return getattr(self.ledger, name)

    def submit(self, transaction: SignedTransaction) -> None:
        if self.is_away:
            raise Unavailable("ledger.unavailable")
        self.sent.append(transaction.raw)
        self.ledger.submit(transaction)


def lists(house: House, region: int = 31) -> tuple[object, ...]:
    return house.ledger.ask(house.directory.call("StatusRegistry", "listCount", region))


def opening(house: House, number: int, region: int = 31) -> int:
    return house.queue(
        acts.create_status_list(house.directory, region=region, number=number, size=1024), f"{region}-status"
    )


def outcome(house: House, number: int) -> tuple[int | None, str | None]:
    with house.floor.database.reading() as connection:
        return queue_rows.outcome_of(connection, number)


def test_one_accounts_transactions_keep_their_order(house: House) -> None:
    numbers = [opening(house, number) for number in (1, 2, 3, 4)]
    house.settle()
    assert lists(house) == (4,)
    assert [error for _, error in (outcome(house, number) for number in numbers)] == [None] * 4


def test_the_same_bytes_are_sent_until_they_are_final_and_not_again(house: House) -> None:
    watched = Watched(house.ledger)
    sending = Sending(house.floor.database, watched, house.sending.account)
    opening(house, 1)
    assert [sending.push(), sending.push()] == [1, 1]
    assert len(watched.sent) == 2
    assert len(set(watched.sent)) == 1
    house.block()
    assert [sending.push(), sending.push(), len(watched.sent)] == [0, 0, 2]


def test_what_is_rolled_back_is_never_sent_and_its_nonce_is_used_by_the_next(house: House) -> None:
    call = acts.create_status_list(house.directory, region=31, number=7, size=1024)
    with suppress(RuntimeError), house.floor.database.transaction() as connection:
        house.sending.queue(connection, call, account="31-status", now=0)
        raise RuntimeError
    opening(house, 1)
    house.settle()
    assert lists(house) == (1,)


def test_a_refused_transaction_is_final_with_the_contracts_error(house: House) -> None:
    refused, taken = opening(house, 9), opening(house, 1)
    house.settle()
    assert outcome(house, refused)[1] == "StatusWrongNumber"
    assert (outcome(house, taken)[1], lists(house)) == (None, (1,))


def test_while_the_chain_is_away_everything_waits_and_what_was_learnt_is_kept(house: House) -> None:
    watched = Watched(house.ledger)
    sending = Sending(house.floor.database, watched, house.sending.account)
    first = opening(house, 1)
    sending.push()
    house.block()
    second, watched.is_away = opening(house, 2), True
    with pytest.raises(Unavailable):
        sending.push()
    assert (outcome(house, first)[0], outcome(house, second)) == (house.ledger.head().number, (None, None))
    watched.is_away = False
    house.settle()
    assert lists(house) == (2,)


def test_an_account_that_is_stuck_keeps_nobody_else_waiting(house: House) -> None:
    call = acts.create_status_list(house.directory, region=31, number=1, size=1024)
    account = house.sending.account("31-status")
    house.ledger.submit(house.ledger.prepare(call, account, nonce=house.ledger.next_nonce(account.address)))
    stuck = opening(house, 2)  # signed with the nonce that the other has
    house.block()
    for region in (32, 33, 34):
        opening(house, 1, region)
    assert house.sending.push() == 4
    house.block()
    assert house.sending.push() == 1
    assert [lists(house, region) for region in (31, 32, 33, 34)] == [(1,)] * 4
    assert outcome(house, stuck) == (None, None)


def test_many_of_one_account_leave_room_for_the_others(house: House) -> None:
    for number in range(5):
        opening(house, number + 1)
    opening(house, 1, 32)
    with house.floor.database.reading() as connection:
        waiting = queue_rows.unfinished(connection, most=2)
    assert sorted(len([1 for _, account, _ in waiting if account == of]) for of in {a for _, a, _ in waiting}) == [1, 2]


def test_a_call_that_does_not_fit_is_never_queued(house: House) -> None:
    with pytest.raises(Malformed, match=r"ledger\.call"):
        house.queue(house.directory.call("StatusRegistry", "createList", "x"), "31-status")
    assert house.sending.push() == 0


def test_a_restart_sends_what_was_queued_before_it(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    with standing(tmp_path_factory, tmp_path) as house:
        opening(house, 1)
        house.sending.push()  # the chain forgets it: it was not final
    with reopened(tmp_path / "standing") as house:
        opening(house, 2)
        house.settle()
        assert lists(house) == (2,)


def test_an_account_and_nonce_stand_once(house: House) -> None:
    opening(house, 1)
    opening(house, 2)
    with house.floor.database.reading() as connection:
        rows = connection.execute(text("SELECT account, nonce FROM ledger_transaction")).all()
    assert len(set(rows)) == len(rows)
