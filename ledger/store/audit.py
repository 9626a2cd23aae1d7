"""Rows of the regions' audit logs, and of their trees' full subtrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, insert, select

from ecert.runtime.storage import inserting, table_of
from ledger.tables import AuditHeadRow, AuditNodeRow, AuditRow

__all__ = [
    "AuditEntry",
    "add_audit_nodes",
    "add_entries",
    "audit_entries",
    "audit_leaves",
    "audit_node",
    "audit_nodes",
    "audit_size",
    "count_entries",
    "next_position",
]

_audit = table_of(AuditRow)
_node = table_of(AuditNodeRow)
_head = table_of(AuditHeadRow)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of an audit log as stored."""

    position: int
    kind: str
    at: int
    leaf: bytes
    sealed: bytes


def next_position(connection: Connection, region: int, *, count: int) -> int:
    """Take the next `count` places in a region's audit log, return the first; writers queue behind its row."""
    claim = inserting(connection)(_head).values(region=region, size=count)
    claim = claim.on_conflict_do_update(index_elements=["region"], set_={"size": _head.c.size + count})
    return int(connection.execute(claim.returning(_head.c.size)).scalar_one()) - count


def add_entries(connection: Connection, region: int, entries: Iterable[AuditEntry]) -> None:
    """Write entries of the audit log."""
    connection.execute(insert(_audit), [{"region": region, **asdict(entry)} for entry in entries])


def audit_size(connection: Connection, region: int) -> int:
    """Return how many entries a region's audit log has."""
    return connection.execute(select(_head.c.size).where(_head.c.region == region)).scalar() or 0


def count_entries(connection: Connection, *, kind: str, since: int) -> dict[int, int]:
    """Count the entries of a kind that were written since a time, by region."""
    query = select(_audit.c.region, func.count()).where(_audit.c.kind == kind, _audit.c.at >= since)
    return {row[0]: row[1] for row in connection.execute(query.group_by(_audit.c.region).order_by(_audit.c.region))}


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
