"""Rows of the anchoring outbox: leaves that wait, and the batches that they were closed into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ecert.domain.errors import Conflict
from ecert.runtime.storage import table_of
from ledger.tables import BatchRow, LeafRow, TransactionRow

__all__ = [
    "ClosedBatch",
    "NewBatch",
    "WaitingLeaf",
    "add_batch",
    "add_leaves",
    "batch",
    "hollow_batches",
    "leaves_after",
    "leaves_of",
    "newest_batch",
    "newest_rows",
    "place_leaves",
    "place_of",
    "refused_batches",
    "resend_batch",
    "take_leaves",
    "waiting",
    "waiting_until",
]

_transaction = table_of(TransactionRow)
_leaf = table_of(LeafRow)
_batch = table_of(BatchRow)


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
    """A batch as it was closed for a contract; `block` once it is final, `error` where the chain refused it."""

    id: int
    contract: bytes
    batch: NewBatch
    block: int | None
    error: str | None
    queued_at: int


@dataclass(frozen=True, slots=True)
class WaitingLeaf:
    """A fingerprint in the outbox, by its row's id, and since when it waits (Unix seconds)."""

    id: int
    fingerprint: bytes
    queued_at: int


def add_leaves(connection: Connection, region: int, fingerprints: Iterable[bytes], now: int) -> None:
    """Put fingerprints into the outbox; Conflict("anchor.known") for one that the region queued before."""
    rows = [{"region": region, "fingerprint": f, "queued_at": now} for f in fingerprints]
    if not rows:
        return  # an empty list of rows would be one row of defaults
    try:
        connection.execute(insert(_leaf), rows)
    except IntegrityError:
        raise Conflict("anchor.known", "a fingerprint was queued before") from None


def waiting(connection: Connection, region: int) -> tuple[int, int | None]:
    """Return how many leaves wait in the outbox and since when the oldest does."""
    query = select(func.count(), func.min(_leaf.c.queued_at)).where(_leaf.c.region == region, _leaf.c.batch.is_(None))
    count, oldest = connection.execute(query).one()
    return count, oldest


def newest_rows(connection: Connection) -> tuple[int, int]:
    """Return the newest row numbers of leaves and of batches."""
    leaf, closed = (connection.execute(select(func.max(table.c.id))).scalar() for table in (_leaf, _batch))
    return leaf or 0, closed or 0


def waiting_until(connection: Connection, last: int) -> int:
    """Count the leaves up to a row that wait for their batch."""
    query = select(func.count()).where(_leaf.c.id <= last, _leaf.c.batch.is_(None))
    return int(connection.execute(query).scalar_one())


def hollow_batches(connection: Connection, *, after: int, kind: int) -> list[ClosedBatch]:
    """Return the batches newer than a row none of whose leaves is known here."""
    leaf = select(_leaf.c.id).where(_leaf.c.region == _batch.c.region, _leaf.c.batch == _batch.c.id)
    query = _batches().where(_batch.c.id > after, _batch.c.kind == kind, ~leaf.exists())
    return [_closed(row) for row in connection.execute(query.order_by(_batch.c.id))]


def leaves_after(connection: Connection, batch: int) -> list[tuple[int, bytes]]:
    """Return (region, fingerprint) of every leaf in a batch newer than one."""
    query = select(_leaf.c.region, _leaf.c.fingerprint).where(_leaf.c.batch > batch).order_by(_leaf.c.id)
    return [(row.region, row.fingerprint) for row in connection.execute(query)]


def take_leaves(connection: Connection, region: int, *, most: int) -> list[WaitingLeaf]:
    """Lock and return the oldest waiting leaves, in order; those that another process has taken are passed over."""
    query = (
        select(_leaf.c.id, _leaf.c.fingerprint, _leaf.c.queued_at)
        .where(_leaf.c.region == region, _leaf.c.batch.is_(None))
        .order_by(_leaf.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [WaitingLeaf(*row) for row in connection.execute(query)]


def place_leaves(connection: Connection, leaves: Iterable[int], *, batch: int) -> None:
    """Give leaves (their ids, in order) their batch and positions."""
    place = update(_leaf).where(_leaf.c.id == bindparam("leaf")).values(batch=batch, position=bindparam("at"))
    connection.execute(place, [{"leaf": leaf, "at": at} for at, leaf in enumerate(leaves)])


def leaves_of(connection: Connection, batch: int) -> list[bytes]:
    """Return a batch's fingerprints in order."""
    query = select(_leaf.c.fingerprint).join(_batch, _batch.c.id == _leaf.c.batch)
    # The region stands in the index over (region, batch, position).
    ours = (_leaf.c.region == _batch.c.region, _leaf.c.batch == batch)
    return list(connection.execute(query.where(*ours).order_by(_leaf.c.position)).scalars())


def place_of(connection: Connection, *, region: int, fingerprint: bytes) -> tuple[int | None, int | None] | None:
    """Return (batch's id, position) of a fingerprint, None for one that was never queued."""
    query = select(_leaf.c.batch, _leaf.c.position).where(_leaf.c.region == region, _leaf.c.fingerprint == fingerprint)
    row = connection.execute(query).first()
    return None if row is None else (row.batch, row.position)


def add_batch(connection: Connection, batch: NewBatch, *, contract: bytes, transaction: int) -> int:
    """Write a closed batch, to be anchored in a contract; return its id."""
    row = insert(_batch).values(**asdict(batch), contract=contract, transaction=transaction)
    return int(connection.execute(row.returning(_batch.c.id)).scalar_one())


def resend_batch(connection: Connection, number: int, batch: NewBatch, *, contract: bytes, transaction: int) -> None:
    """Let another transaction, perhaps in a succeeding contract, anchor the batch with the id `number`."""
    fields = {**asdict(batch), "contract": contract, "transaction": transaction}
    connection.execute(update(_batch).where(_batch.c.id == number).values(**fields))


def batch(connection: Connection, number: int) -> ClosedBatch:
    """Return the batch with the id `number`."""
    return _closed(connection.execute(_batches().where(_batch.c.id == number)).one())


def newest_batch(
    connection: Connection, *, region: int, kind: int, contract: bytes | None = None
) -> ClosedBatch | None:
    """Return a region's batch that was closed last, for one contract or for any."""
    query = _batches().where(_batch.c.region == region, _batch.c.kind == kind)
    if contract is not None:
        query = query.where(_batch.c.contract == contract)
    # Within a contract numbers rise, also those that a batch got when it was sent again.
    order = _batch.c.id.desc() if contract is None else _batch.c.number.desc()
    row = connection.execute(query.order_by(order).limit(1)).first()
    return None if row is None else _closed(row)


def refused_batches(connection: Connection, *, region: int, kind: int) -> list[ClosedBatch]:
    """Return every batch whose transaction the chain refused, in the order in which they were closed."""
    query = _batches().where(_batch.c.region == region, _batch.c.kind == kind, _transaction.c.error.is_not(None))
    return [_closed(row) for row in connection.execute(query.order_by(_batch.c.id))]


def _batches() -> Select[tuple[object, ...]]:
    columns = (_transaction.c.block, _transaction.c.error, _transaction.c.queued_at)
    return select(_batch, *columns).join(_transaction, _transaction.c.id == _batch.c.transaction)


def _closed(row: Row[tuple[object, ...]]) -> ClosedBatch:
    r = row._mapping  # noqa: SLF001 — SQLAlchemy's documented name
    batch = NewBatch(r["region"], r["kind"], r["number"], r["root"], r["hash_alg"], r["size"], r["previous"])
    return ClosedBatch(r["id"], r["contract"], batch, r["block"], r["error"], r["queued_at"])
