"""The ledger's rows read and written, in SQL Core; every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ecert.runtime.storage import table_of
from ledger.port import ChainIdentity, Outcome, SignedTransaction
from ledger.tables import AuditHeadRow, AuditRow, BatchRow, ChainRow, LeafRow, TransactionRow

__all__ = ["AuditEntry", "ClosedBatch", "NewBatch"]

_chain = table_of(ChainRow)
_transaction = table_of(TransactionRow)
_leaf = table_of(LeafRow)
_batch = table_of(BatchRow)
_audit = table_of(AuditRow)
_head = table_of(AuditHeadRow)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch in the order in which CertificateAnchor takes and hashes its fields."""

    region: int
    kind: int
    number: int
    root: bytes
    hash_alg: int
    size: int
    previous: bytes


@dataclass(frozen=True, slots=True)
class ClosedBatch:
    """A batch as it was closed; `block` once it is final, `error` where the chain refused it."""

    batch: NewBatch
    block: int | None
    error: str | None
    queued_at: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of an audit log as stored."""

    position: int
    kind: str
    at: int
    leaf: bytes
    sealed: bytes


def chain(connection: Connection) -> tuple[ChainIdentity, bytes] | None:
    """Return the chain and the Consortium's address that this database belongs to."""
    row = connection.execute(select(_chain)).first()
    return None if row is None else (ChainIdentity(row.chain_id, row.genesis), row.consortium)


def bind_chain(connection: Connection, identity: ChainIdentity, consortium: bytes) -> None:
    """Bind this database to a chain, once."""
    fields = {"chain_id": identity.chain_id, "genesis": identity.genesis, "consortium": consortium}
    connection.execute(insert(_chain).values(id=1, **fields))


def last_nonce(connection: Connection, account: bytes) -> int | None:
    """Return the highest nonce queued for an account."""
    query = select(func.max(_transaction.c.nonce)).where(_transaction.c.account == account)
    return connection.execute(query).scalar()


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


def unfinished(connection: Connection, *, most: int) -> list[tuple[int, SignedTransaction]]:
    """Return transactions that are not final, oldest nonce first."""
    query = (
        select(_transaction.c.id, _transaction.c.raw, _transaction.c.hash)
        .where(_transaction.c.block.is_(None))
        .order_by(_transaction.c.account, _transaction.c.nonce)
        .limit(most)
    )
    return [(row.id, SignedTransaction(row.raw, row.hash)) for row in connection.execute(query)]


def finish(connection: Connection, number: int, outcome: Outcome) -> None:
    """Record what became of a transaction."""
    fields = {"block": outcome.block, "block_time": outcome.time, "error": _refusal(outcome)}
    connection.execute(update(_transaction).where(_transaction.c.id == number).values(**fields))


def outcome_of(connection: Connection, number: int) -> tuple[int | None, str | None]:
    """Return (final block or None, the contract's error or None) of a queued transaction."""
    query = select(_transaction.c.block, _transaction.c.error).where(_transaction.c.id == number)
    row = connection.execute(query).one()
    return row.block, row.error


def transaction_for(connection: Connection, account: bytes, purpose: str) -> bytes | None:
    """Return the hash of an account's newest transaction of a purpose that the chain did not refuse."""
    query = select(_transaction.c.hash).where(
        _transaction.c.account == account, _transaction.c.purpose == purpose, _transaction.c.error.is_(None)
    )
    return connection.execute(query.order_by(_transaction.c.nonce.desc()).limit(1)).scalar()


def transaction_by_hash(connection: Connection, transaction_hash: bytes) -> int | None:
    """Return the number of a queued transaction."""
    return connection.execute(select(_transaction.c.id).where(_transaction.c.hash == transaction_hash)).scalar()


def _refusal(outcome: Outcome) -> str | None:
    return None if outcome.succeeded else outcome.error or "reverted"


def add_leaves(connection: Connection, region: int, fingerprints: Iterable[bytes], now: int) -> None:
    """Put fingerprints into the outbox."""
    rows = [{"region": region, "fingerprint": f, "queued_at": now} for f in fingerprints]
    connection.execute(insert(_leaf), rows)


def waiting(connection: Connection, region: int) -> tuple[int, int | None]:
    """Return how many leaves wait in the outbox and since when the oldest does."""
    query = select(func.count(), func.min(_leaf.c.queued_at)).where(_leaf.c.region == region, _leaf.c.batch.is_(None))
    count, oldest = connection.execute(query).one()
    return count, oldest


def take_leaves(connection: Connection, *, region: int, batch: int, most: int) -> list[bytes]:
    """Give the oldest waiting leaves their batch and positions; return their fingerprints in that order."""
    query = (
        select(_leaf.c.id, _leaf.c.fingerprint)
        .where(_leaf.c.region == region, _leaf.c.batch.is_(None))
        .order_by(_leaf.c.id)
        .limit(most)
    )
    rows = connection.execute(query).all()
    if rows:
        place = update(_leaf).where(_leaf.c.id == bindparam("leaf")).values(batch=batch, position=bindparam("at"))
        connection.execute(place, [{"leaf": row.id, "at": at} for at, row in enumerate(rows)])
    return [row.fingerprint for row in rows]


def leaves_of(connection: Connection, *, region: int, batch: int) -> list[bytes]:
    """Return a batch's fingerprints in order."""
    query = select(_leaf.c.fingerprint).where(_leaf.c.region == region, _leaf.c.batch == batch)
    return list(connection.execute(query.order_by(_leaf.c.position)).scalars())


def place_of(connection: Connection, *, region: int, fingerprint: bytes) -> tuple[int | None, int | None] | None:
    """Return (batch, position) of a fingerprint, None for one that was never queued."""
    query = select(_leaf.c.batch, _leaf.c.position).where(_leaf.c.region == region, _leaf.c.fingerprint == fingerprint)
    row = connection.execute(query).first()
    return None if row is None else (row.batch, row.position)


def add_batch(connection: Connection, batch: NewBatch, *, transaction: int) -> None:
    """Write a closed batch."""
    connection.execute(insert(_batch).values(**asdict(batch), transaction=transaction))


def resend_batch(connection: Connection, batch: NewBatch, *, transaction: int) -> None:
    """Let another transaction anchor a batch whose first one the chain refused."""
    key = (_batch.c.region == batch.region, _batch.c.kind == batch.kind, _batch.c.number == batch.number)
    connection.execute(update(_batch).where(*key).values(transaction=transaction))


def batches(
    connection: Connection, *, region: int, kind: int, number: int | None = None, most: int = 1
) -> list[ClosedBatch]:
    """Return one batch by number, or the newest ones first."""
    query = (
        select(
            _batch,
            _transaction.c.block,
            _transaction.c.block_time,
            _transaction.c.error,
            _transaction.c.queued_at,
        )
        .join(_transaction, _transaction.c.id == _batch.c.transaction)
        .where(_batch.c.region == region, _batch.c.kind == kind)
    )
    if number is not None:
        query = query.where(_batch.c.number == number)
    rows: Sequence[Row[tuple[object, ...]]] = connection.execute(
        query.order_by(_batch.c.number.desc()).limit(most)
    ).all()
    return [_closed(row) for row in rows]


def _closed(row: Row[tuple[object, ...]]) -> ClosedBatch:
    r = row._mapping  # noqa: SLF001 — SQLAlchemy's documented name
    batch = NewBatch(r["region"], r["kind"], r["number"], r["root"], r["hash_alg"], r["size"], r["previous"])
    return ClosedBatch(batch, r["block"], r["error"], r["queued_at"])


def next_position(connection: Connection, region: int) -> int:
    """Take the next place in a region's audit log; writers queue behind its row."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    claim = dialect.insert(_head).values(region=region, size=1)
    claim = claim.on_conflict_do_update(index_elements=["region"], set_={"size": _head.c.size + 1})
    return int(connection.execute(claim.returning(_head.c.size)).scalar_one()) - 1


def add_entry(connection: Connection, region: int, entry: AuditEntry) -> None:
    """Write an entry of the audit log."""
    fields = {"position": entry.position, "kind": entry.kind, "at": entry.at}
    connection.execute(insert(_audit).values(region=region, leaf=entry.leaf, sealed=entry.sealed, **fields))


def audit_size(connection: Connection, region: int) -> int:
    """Return how many entries a region's audit log has."""
    return connection.execute(select(_head.c.size).where(_head.c.region == region)).scalar() or 0


def audit_leaves(connection: Connection, region: int, size: int) -> list[bytes]:
    """Return the first `size` leaves of a region's audit log."""
    query = select(_audit.c.leaf).where(_audit.c.region == region, _audit.c.position < size)
    return list(connection.execute(query.order_by(_audit.c.position)).scalars())


def audit_entries(connection: Connection, region: int) -> list[AuditEntry]:
    """Return a region's whole audit log."""
    rows = connection.execute(select(_audit).where(_audit.c.region == region).order_by(_audit.c.position))
    return [AuditEntry(r.position, r.kind, r.at, r.leaf, r.sealed) for r in rows]
