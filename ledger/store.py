"""The ledger's rows read and written, in SQL Core; every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ecert.domain.errors import Conflict
from ecert.runtime.storage import table_of
from ledger.port import ChainIdentity, Outcome, SignedTransaction
from ledger.tables import AuditHeadRow, AuditNodeRow, AuditRow, BatchRow, ChainRow, LeafRow, TransactionRow

__all__ = ["AuditEntry", "ClosedBatch", "NewBatch"]

_chain = table_of(ChainRow)
_transaction = table_of(TransactionRow)
_leaf = table_of(LeafRow)
_batch = table_of(BatchRow)
_audit = table_of(AuditRow)
_node = table_of(AuditNodeRow)
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
    """A batch as it was closed for a contract; `block` once it is final, `error` where the chain refused it."""

    id: int
    contract: bytes
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


def has_unfinished(connection: Connection, account: bytes) -> bool:
    """Tell whether an account has a transaction that is not final."""
    here = (_transaction.c.account == account) & _transaction.c.block.is_(None)
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


def waiting_leaves(connection: Connection, region: int, *, most: int) -> dict[int, bytes]:
    """Return the oldest waiting fingerprints by their rows' ids, in order."""
    query = (
        select(_leaf.c.id, _leaf.c.fingerprint)
        .where(_leaf.c.region == region, _leaf.c.batch.is_(None))
        .order_by(_leaf.c.id)
        .limit(most)
    )
    return {row.id: row.fingerprint for row in connection.execute(query)}


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


def next_position(connection: Connection, region: int, *, count: int) -> int:
    """Take the next `count` places in a region's audit log, return the first; writers queue behind its row."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    claim = dialect.insert(_head).values(region=region, size=count)
    claim = claim.on_conflict_do_update(index_elements=["region"], set_={"size": _head.c.size + count})
    return int(connection.execute(claim.returning(_head.c.size)).scalar_one()) - count


def add_entries(connection: Connection, region: int, entries: Iterable[AuditEntry]) -> None:
    """Write entries of the audit log."""
    connection.execute(insert(_audit), [{"region": region, **asdict(entry)} for entry in entries])


def audit_size(connection: Connection, region: int) -> int:
    """Return how many entries a region's audit log has."""
    return connection.execute(select(_head.c.size).where(_head.c.region == region)).scalar() or 0


def audit_leaves(connection: Connection, region: int, start: int, end: int) -> list[bytes]:
    """Return leaves start..end-1 of a region's audit log."""
    here = (_audit.c.region == region) & (_audit.c.position >= start) & (_audit.c.position < end)
    query = select(_audit.c.leaf).where(here)
    return list(connection.execute(query.order_by(_audit.c.position)).scalars())


def audit_nodes(connection: Connection, region: int, level: int) -> int:
    """Count the subtrees of a level whose hash is kept: the first ones, without a gap."""
    here = (_node.c.region == region) & (_node.c.level == level)
    newest: int | None = connection.execute(select(func.max(_node.c.place)).where(here)).scalar()
    return 0 if newest is None else newest + 1


def audit_node(connection: Connection, region: int, level: int, place: int) -> bytes | None:
    """Return the kept hash of a full subtree, the `place`-th of its level."""
    here = (_node.c.region == region) & (_node.c.level == level) & (_node.c.place == place)
    return connection.execute(select(_node.c.hash).where(here)).scalar()


def add_audit_nodes(connection: Connection, region: int, level: int, hashes: Mapping[int, bytes]) -> None:
    """Keep hashes of full subtrees by their places."""
    if hashes:
        rows = [{"region": region, "level": level, "place": place, "hash": each} for place, each in hashes.items()]
        connection.execute(insert(_node), rows)


def audit_entries(connection: Connection, region: int) -> list[AuditEntry]:
    """Return a region's whole audit log."""
    rows = connection.execute(select(_audit).where(_audit.c.region == region).order_by(_audit.c.position))
    return [AuditEntry(r.position, r.kind, r.at, r.leaf, r.sealed) for r in rows]
