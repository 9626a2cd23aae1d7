"""Rows of status changes: waiting for their day, queued for the chain, final there or refused, or overtaken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from ecert.runtime.storage import table_of
from issuer.tables import ChangeRow

__all__ = ["FINAL", "OVERTAKEN", "QUEUED", "REFUSED", "WAITING", "NewChange", "StoredChange"]

WAITING, QUEUED, FINAL = "waiting", "queued", "final"
REFUSED, OVERTAKEN = "refused", "overtaken"

_change = table_of(ChangeRow)


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change as it is asked for."""

    region: int
    certificate: str
    new: int
    reason: str
    effective_at: int


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change of one certificate's status; `old` and `transaction` are known once it is queued. Unix seconds."""

    id: int
    region: int
    certificate: str
    old: int | None
    new: int
    reason: str
    effective_at: int
    at: int
    state: str
    transaction: int | None


def add(connection: Connection, changes: Iterable[NewChange], *, at: int) -> list[StoredChange]:
    """Write changes, at least one, that wait; return them in their order."""
    rows = [{**asdict(change), "at": at, "state": WAITING} for change in changes]
    write = insert(_change).returning(*_change.c, sort_by_parameter_order=True)
    return [StoredChange(**row._mapping) for row in connection.execute(write, rows)]  # noqa: SLF001 — SQLAlchemy's documented name


def note(connection: Connection, change: NewChange, *, old: int, at: int) -> None:
    """Write a change that is final already: the chain told of it."""
    connection.execute(insert(_change).values(**asdict(change), old=old, at=at, state=FINAL))


def for_reason(connection: Connection, reason: str, *, since: int) -> list[StoredChange]:
    """Return the changes made on a ground since a time, in the order in which they were made."""
    query = select(_change).where(_change.c.reason == reason, _change.c.at >= since).order_by(_change.c.id)
    return [StoredChange(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 — SQLAlchemy's documented name


def due(connection: Connection, now: int, *, most: int) -> list[StoredChange]:
    """Return waiting changes whose time has come, in the order in which they take effect."""
    query = select(_change).where(_change.c.state == WAITING, _change.c.effective_at <= now)
    rows = connection.execute(query.order_by(_change.c.effective_at, _change.c.id).limit(most))
    return [StoredChange(**row._mapping) for row in rows]  # noqa: SLF001 — SQLAlchemy's documented name


def of_certificate(connection: Connection, certificate: str) -> list[StoredChange]:
    """Return a certificate's changes in the order in which they were made."""
    rows = connection.execute(select(_change).where(_change.c.certificate == certificate).order_by(_change.c.id))
    return [StoredChange(**row._mapping) for row in rows]  # noqa: SLF001 — SQLAlchemy's documented name


def queue(connection: Connection, changes: Iterable[StoredChange], *, old: Mapping[str, int], transaction: int) -> None:
    """Record that changes are queued, and from which status each certificate came."""
    write = update(_change).where(_change.c.id == bindparam("which"))
    write = write.values(old=bindparam("from"), state=QUEUED, transaction=transaction)
    connection.execute(write, [{"which": c.id, "from": old[c.certificate]} for c in changes])


def transactions(connection: Connection, *, most: int) -> list[int]:
    """Return the transactions of changes that are queued and not known to be final, oldest first."""
    query = select(_change.c.transaction).where(_change.c.state == QUEUED).distinct()
    return list(connection.execute(query.order_by(_change.c.transaction).limit(most)).scalars())


def of_transaction(connection: Connection, transaction: int) -> list[StoredChange]:
    """Return the queued changes that one transaction carries, and let nobody else move them meanwhile."""
    query = select(_change).where(_carried(transaction)).order_by(_change.c.id)
    rows = connection.execute(query.with_for_update())
    return [StoredChange(**row._mapping) for row in rows]  # noqa: SLF001 — SQLAlchemy's documented name


def end(connection: Connection, transaction: int, *, state: str) -> None:
    """Record what became of a transaction's changes."""
    connection.execute(update(_change).where(_carried(transaction)).values(state=state))


def resend(connection: Connection, transaction: int, *, again: int) -> None:
    """Let another transaction carry the changes of one."""
    connection.execute(update(_change).where(_carried(transaction)).values(transaction=again))


def close(connection: Connection, change: StoredChange, *, state: str) -> None:
    """Record what became of one change; `OVERTAKEN` where a later one of its certificate counts."""
    connection.execute(update(_change).where(_change.c.id == change.id).values(state=state))


def carried(connection: Connection, transaction: int) -> list[StoredChange]:
    """Read the queued changes that one transaction carries."""
    rows = connection.execute(select(_change).where(_carried(transaction)).order_by(_change.c.id))
    return [StoredChange(**row._mapping) for row in rows]  # noqa: SLF001 — SQLAlchemy's documented name


def followed(connection: Connection, transaction: int) -> set[int]:
    """Tell which of the changes that one transaction carries have a later one of the same certificate behind them."""
    later = _change.alias()
    behind = (later.c.certificate == _change.c.certificate) & (later.c.transaction > transaction)
    return set(connection.execute(select(_change.c.id).join(later, behind).where(_carried(transaction))).scalars())


def _carried(transaction: int) -> ColumnElement[bool]:
    # Few are queued at a time, and the index on `state` finds them.
    return (_change.c.state == QUEUED) & (_change.c.transaction == transaction)
