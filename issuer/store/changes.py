"""Rows of status changes: made, waiting for their day, queued for the chain, or overtaken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from ecert.runtime.storage import table_of
from issuer.tables import ChangeRow

__all__ = ["OVERTAKEN", "QUEUED", "WAITING", "StoredChange"]

WAITING, QUEUED, OVERTAKEN = "waiting", "queued", "overtaken"

_change = table_of(ChangeRow)


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


def add(
    connection: Connection, *, region: int, certificate: str, new: int, reason: str, effective_at: int, at: int
) -> StoredChange:
    """Write a change that waits."""
    fields = {
        "region": region,
        "certificate": certificate,
        "old": None,
        "new": new,
        "reason": reason,
        "effective_at": effective_at,
        "at": at,
        "state": WAITING,
        "transaction": None,
    }
    row = connection.execute(insert(_change).values(**fields).returning(*_change.c)).one()
    return StoredChange(**row._mapping)  # noqa: SLF001 — SQLAlchemy's documented name


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


def overtake(connection: Connection, change: StoredChange) -> None:
    """Record that a change found its certificate in a state that allows it no more."""
    connection.execute(update(_change).where(_change.c.id == change.id).values(state=OVERTAKEN))
