"""Rows of the chain that a database belongs to, of sending accounts, and of the queue of signed transactions."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, select, update

from ecert.runtime.storage import inserting, table_of
from ledger.port import ChainIdentity, Outcome, SignedTransaction
from ledger.tables import AccountRow, ChainRow, TransactionRow

__all__ = [
    "accounts",
    "add_transaction",
    "bind_chain",
    "chain",
    "finish",
    "has_unfinished",
    "is_restoring",
    "next_nonce",
    "outcome_of",
    "set_nonce",
    "set_restoring",
    "take_nonce",
    "transaction_by_hash",
    "transaction_for",
    "under_way",
    "unfinished",
]

_chain = table_of(ChainRow)
_account = table_of(AccountRow)
_transaction = table_of(TransactionRow)


def chain(connection: Connection) -> tuple[ChainIdentity, bytes] | None:
    """Return the chain and the Consortium's address that this database belongs to."""
    row = connection.execute(select(_chain)).first()
    return None if row is None else (ChainIdentity(row.chain_id, row.genesis), row.consortium)


def bind_chain(connection: Connection, identity: ChainIdentity, consortium: bytes) -> None:
    """Bind this database to a chain, once."""
    fields = {"chain_id": identity.chain_id, "genesis": identity.genesis, "consortium": consortium}
    connection.execute(insert(_chain).values(id=1, **fields))


def is_restoring(connection: Connection) -> bool:
    """Tell whether a backup was loaded here that was not yet brought up to the chain."""
    return bool(connection.execute(select(_chain.c.restoring)).scalar())


def set_restoring(connection: Connection, *, restoring: bool) -> None:
    """Note that the chain moved on after what is stored here, or that this was made good."""
    connection.execute(update(_chain).values(restoring=restoring))


def accounts(connection: Connection) -> dict[bytes, int]:
    """Return every account that ever sent from here, and the nonce that it uses next."""
    return {row.address: row.nonce for row in connection.execute(select(_account))}


def set_nonce(connection: Connection, account: bytes, nonce: int) -> None:
    """Let an account go on with a nonce."""
    connection.execute(update(_account).where(_account.c.address == account).values(nonce=nonce))


def next_nonce(connection: Connection, account: bytes) -> int | None:
    """Return the nonce that an account uses next; None for one that never sent from here."""
    return connection.execute(select(_account.c.nonce).where(_account.c.address == account)).scalar()


def take_nonce(connection: Connection, account: bytes, *, first: Callable[[], int]) -> int:
    """Take an account's next nonce, `first` for one that never sent from here; who is second waits for the first."""
    ours = update(_account).where(_account.c.address == account).values(nonce=_account.c.nonce + 1)
    after = connection.execute(ours.returning(_account.c.nonce)).scalar()
    if after is None:
        made = inserting(connection)(_account).values(address=account, nonce=first() + 1)
        made = made.on_conflict_do_update(index_elements=["address"], set_={"nonce": _account.c.nonce + 1})
        after = connection.execute(made.returning(_account.c.nonce)).scalar_one()
    return int(after) - 1


def has_unfinished(connection: Connection, account: bytes, *, purpose: str) -> bool:
    """Tell whether an account has a transaction of a purpose that is not final."""
    here = (_transaction.c.account == account) & (_transaction.c.purpose == purpose) & _transaction.c.block.is_(None)
    return connection.execute(select(_transaction.c.id).where(here).limit(1)).first() is not None


def add_transaction(
    connection: Connection,
    transaction: SignedTransaction,
    *,
    account: bytes,
    nonce: int,
    purpose: str,
    now: int,
) -> int:
    """Queue a signed transaction; return its number."""
    row = {
        "account": account,
        "nonce": nonce,
        "hash": transaction.hash,
        "raw": transaction.raw,
        "purpose": purpose,
        "queued_at": now,
    }
    return int(connection.execute(insert(_transaction).values(**row).returning(_transaction.c.id)).scalar_one())


def unfinished(connection: Connection, *, most: int) -> list[tuple[int, bytes, SignedTransaction]]:
    """Return (number, account, transaction) of what is not final: of each account the `most` oldest, in nonce order."""
    place = func.row_number().over(partition_by=_transaction.c.account, order_by=_transaction.c.nonce)
    columns = (_transaction.c.id, _transaction.c.account, _transaction.c.nonce, _transaction.c.raw, _transaction.c.hash)
    waiting = select(*columns, place.label("place")).where(_transaction.c.block.is_(None)).subquery()
    query = select(waiting).where(waiting.c.place <= most).order_by(waiting.c.account, waiting.c.nonce)
    return [(row.id, row.account, SignedTransaction(row.raw, row.hash)) for row in connection.execute(query)]


def under_way(connection: Connection) -> tuple[int, int | None]:
    """Return how many transactions are not final and since when the oldest is queued, where that was noted."""
    noted = func.nullif(_transaction.c.queued_at, 0)  # one that was signed elsewhere has no time here
    query = select(func.count(), func.min(noted)).where(_transaction.c.block.is_(None))
    count, oldest = connection.execute(query).one()
    return count, oldest


def finish(connection: Connection, number: int, outcome: Outcome) -> None:
    """Record what became of a transaction."""
    fields = {"block": outcome.block, "block_time": outcome.time, "error": _refusal(outcome)}
    connection.execute(update(_transaction).where(_transaction.c.id == number).values(**fields))


def outcome_of(connection: Connection, number: int) -> tuple[int | None, str | None]:
    """Return (final block or None, the contract's error or None) of a queued transaction."""
    query = select(_transaction.c.block, _transaction.c.error).where(_transaction.c.id == number)
    row = connection.execute(query).one()
    return row.block, row.error


def hash_of(connection: Connection, number: int) -> bytes:
    """Return the hash of a queued transaction."""
    return bytes(connection.execute(select(_transaction.c.hash).where(_transaction.c.id == number)).scalar_one())


def transaction_for(connection: Connection, account: bytes, purpose: str) -> int | None:
    """Return the number of an account's newest transaction of a purpose that the chain did not refuse."""
    query = select(_transaction.c.id).where(
        _transaction.c.account == account, _transaction.c.purpose == purpose, _transaction.c.error.is_(None)
    )
    return connection.execute(query.order_by(_transaction.c.nonce.desc()).limit(1)).scalar()


def transaction_by_hash(connection: Connection, transaction_hash: bytes) -> int | None:
    """Return the number of a queued transaction."""
    return connection.execute(select(_transaction.c.id).where(_transaction.c.hash == transaction_hash)).scalar()


def _refusal(outcome: Outcome) -> str | None:
    return None if outcome.succeeded else outcome.error or "reverted"
