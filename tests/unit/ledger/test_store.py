from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ecert.app.migrations import migrate
from ecert.domain.errors import Conflict
from ecert.runtime.storage import Database, open_database
from ledger.port import ChainIdentity, Outcome, SignedTransaction
from ledger.store import audit as audit_rows
from ledger.store import batches as batch_rows
from ledger.store import queue as queue_rows
from ledger.store.batches import NewBatch
from tests.databases import url_of

ACCOUNT, CONTRACT = b"a" * 20, b"c" * 20


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(url_of(tmp_path / "e.sqlite"))
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as connection:
        yield connection


def queued(connection: Connection, nonce: int, account: bytes = ACCOUNT) -> int:
    signed = SignedTransaction(b"raw", account[:1] + nonce.to_bytes(31, "big"))
    return queue_rows.add_transaction(
        connection, signed, account=account, nonce=nonce, purpose="anchor", now=100 + nonce
    )


def batch(number: int, *, kind: int = 1, size: int = 3) -> NewBatch:
    return NewBatch(31, kind, number, bytes([number]) * 32, 1, size, bytes(32))


def closed(connection: Connection, number: int, *, contract: bytes = CONTRACT, error: str | None = None) -> int:
    transaction = queued(connection, 100 * contract[0] + number)
    if error is not None:
        queue_rows.finish(connection, transaction, Outcome(5, 500, 0, succeeded=False, error=error))
    return batch_rows.add_batch(connection, batch(number), contract=contract, transaction=transaction)


def test_a_database_is_bound_to_one_chain_once(connection: Connection) -> None:
    assert queue_rows.chain(connection) is None
    bound = (ChainIdentity(7, b"g" * 32), b"c" * 20)
    queue_rows.bind_chain(connection, *bound)
    assert queue_rows.chain(connection) == bound
    with pytest.raises(IntegrityError):
        queue_rows.bind_chain(connection, *bound)


def test_an_account_cannot_use_a_nonce_twice(connection: Connection) -> None:
    queued(connection, 4)
    with pytest.raises(IntegrityError):
        queued(connection, 4)


def test_nonces_are_taken_in_order_from_where_the_chain_stands(connection: Connection) -> None:
    assert queue_rows.next_nonce(connection, ACCOUNT) is None
    assert [queue_rows.take_nonce(connection, ACCOUNT, first=lambda: 7) for _ in range(3)] == [7, 8, 9]
    assert queue_rows.take_nonce(connection, b"b" * 20, first=lambda: 0) == 0
    assert (queue_rows.next_nonce(connection, ACCOUNT), queue_rows.next_nonce(connection, b"b" * 20)) == (10, 1)


def test_what_is_final_is_no_longer_unfinished(connection: Connection) -> None:
    numbers = [queued(connection, nonce) for nonce in (3, 1, 2)]
    other = queued(connection, 9, b"b" * 20)
    queue_rows.finish(connection, numbers[1], Outcome(5, 500, 0, succeeded=True))
    left = queue_rows.unfinished(connection, most=10)

    assert [number for number, _, _ in left] == [numbers[2], numbers[0], other]
    assert [number for number, _, _ in queue_rows.unfinished(connection, most=1)] == [numbers[2], other]
    assert queue_rows.outcome_of(connection, numbers[1]) == (5, None)
    assert queue_rows.outcome_of(connection, other) == (None, None)


@pytest.mark.parametrize(("error", "told"), [("AnchorEmpty", "AnchorEmpty"), (None, "reverted")])
def test_a_refusal_keeps_its_name(connection: Connection, error: str | None, told: str) -> None:
    number = queued(connection, 1)
    queue_rows.finish(connection, number, Outcome(5, 500, 0, succeeded=False, error=error))
    assert queue_rows.outcome_of(connection, number) == (5, told)
    assert queue_rows.transaction_for(connection, ACCOUNT, "anchor") is None


def test_leaves_wait_in_order_until_they_are_placed(connection: Connection) -> None:
    batch_rows.add_leaves(connection, 31, [b"3", b"1", b"2"], 50)
    batch_rows.add_leaves(connection, 31, [b"4"], 60)
    batch_rows.add_leaves(connection, 32, [b"1"], 10)
    assert batch_rows.waiting(connection, 31) == (4, 50)

    leaves = batch_rows.take_leaves(connection, 31, most=3)
    assert [(leaf.fingerprint, leaf.queued_at) for leaf in leaves] == [(b"3", 50), (b"1", 50), (b"2", 50)]
    number = closed(connection, 1)
    batch_rows.place_leaves(connection, [leaf.id for leaf in leaves], batch=number)
    assert batch_rows.leaves_of(connection, number) == [b"3", b"1", b"2"]
    assert batch_rows.place_of(connection, region=31, fingerprint=b"2") == (number, 2)
    assert batch_rows.place_of(connection, region=31, fingerprint=b"4") == (None, None)
    assert batch_rows.place_of(connection, region=33, fingerprint=b"4") is None
    assert (batch_rows.waiting(connection, 31), batch_rows.waiting(connection, 33)) == ((1, 60), (0, None))


def test_a_leaf_twice_is_a_conflict_of_its_own_name(database: Database) -> None:
    with pytest.raises(Conflict, match=r"anchor\.known"), database.transaction() as connection:
        batch_rows.add_leaves(connection, 31, [b"1", b"1"], 1)
    with database.reading() as connection:
        assert batch_rows.waiting(connection, 31) == (0, None)


def test_numbers_are_a_contracts_own(connection: Connection) -> None:
    old, new = closed(connection, 1), closed(connection, 1, contract=b"d" * 20)
    assert old != new
    with pytest.raises(IntegrityError):
        batch_rows.add_batch(connection, batch(1), contract=CONTRACT, transaction=queued(connection, 77))


def test_the_newest_batch_is_found_for_a_contract_or_any(connection: Connection) -> None:
    for number in (1, 2):
        closed(connection, number)
    closed(connection, 1, contract=b"d" * 20)

    def newest(contract: bytes | None) -> tuple[bytes, int] | None:
        found = batch_rows.newest_batch(connection, region=31, kind=1, contract=contract)
        return found and (found.contract, found.batch.number)

    assert (newest(CONTRACT), newest(None), newest(b"e" * 20)) == ((CONTRACT, 2), (b"d" * 20, 1), None)
    assert batch_rows.newest_batch(connection, region=32, kind=1) is None


def test_refused_batches_are_all_found_oldest_first_and_sent_again(connection: Connection) -> None:
    ids = [closed(connection, number, error="AnchorWrongNumber") for number in range(1, 151)]
    closed(connection, 151)
    refused = batch_rows.refused_batches(connection, region=31, kind=1)
    assert [old.id for old in refused] == ids

    again = queued(connection, 5)
    batch_rows.resend_batch(connection, ids[0], batch(1, size=9), contract=b"d" * 20, transaction=again)
    found = batch_rows.batch(connection, ids[0])
    assert (found.contract, found.batch.size, found.error, found.queued_at) == (b"d" * 20, 9, None, 105)
    assert len(batch_rows.refused_batches(connection, region=31, kind=1)) == 149


def test_positions_of_an_audit_log_have_no_gap(connection: Connection) -> None:
    assert [audit_rows.next_position(connection, region, count=2) for region in (31, 31, 32, 31)] == [0, 2, 0, 4]
    assert (audit_rows.audit_size(connection, 31), audit_rows.audit_size(connection, 33)) == (6, 0)
