"""A change of status made durable: its row, the certificate's row and the signed transaction in one, `status.queue`.

The contract takes no change before its time, so a later one waits at home (`due`). One transaction carries all that
change alike in one list, indices sorted, as the contract wants them (docs/contracts.md, StatusRegistry.setStatus).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ecert.domain.errors import Conflict
from ecert.domain.status import Status, check_move
from ecert.runtime.storage import queue_behind
from issuer.room import Issuer
from issuer.settling import settle
from issuer.store import certificates, changes
from issuer.store.certificates import StoredCertificate
from issuer.store.changes import NewChange, StoredChange
from ledger import acts

__all__ = ["Move", "due", "make_changes", "take_effect"]

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Move:
    """A certificate, what becomes of it, on which ground and from when (Unix seconds)."""

    certificate: StoredCertificate
    new: Status
    ground: str
    effective_at: int

    def row(self) -> NewChange:
        """Write it down as a change that waits."""
        found = self.certificate
        return NewChange(found.region, found.id, int(self.new), self.ground, self.effective_at)


def make_changes(issuer: Issuer, connection: Connection, moves: Sequence[Move], *, now: int) -> list[StoredChange]:
    """Write changes, at least one, and their audit records, inside the caller's transaction. Conflict("status.*")."""
    for move in moves:
        check_move(old=Status(move.certificate.status), new=move.new)
    made = changes.add(connection, [move.row() for move in moves], at=now)
    _record(issuer, connection, made, kind="status", now=now)
    return made


def take_effect(issuer: Issuer, connection: Connection, due_now: Sequence[StoredChange], *, now: int) -> None:
    """Queue changes whose time has come, at most one a certificate, inside the caller's transaction."""
    rows = certificates.find_all(connection, [change.certificate for change in due_now])
    for (region, number, new, effective_at), alike in _grouped(due_now, rows):
        indices = [rows[change.certificate].idx for change in alike]
        where = {"region": region, "number": number}
        call = acts.set_status(issuer.directory, **where, indices=indices, status=new, effective_at=effective_at)
        transaction = issuer.sending.queue(connection, call, account=f"{region}-status", now=now)
        old = {change.certificate: rows[change.certificate].status for change in alike}
        changes.queue(connection, alike, old=old, transaction=transaction)
        certificates.set_statuses(connection, dict.fromkeys(old, new))


def due(issuer: Issuer, now: int) -> int:
    """Queue what has waited for its day; return how many changes. What another change overtook is only marked so.

    What the chain answered to earlier ones is taken in first.
    """
    settle(issuer, now)
    queued = 0
    while True:
        with issuer.database.reading() as connection:
            if not changes.due(connection, now, most=1):
                return queued
        with issuer.database.transaction() as connection:
            queued += _pass(issuer, connection, now)


def _pass(issuer: Issuer, connection: Connection, now: int) -> int:
    """Take the first due change of each certificate, so that several of one certificate keep their order."""
    queue_behind(connection, "issuer due")  # who comes second finds the first one's work done
    first: dict[str, StoredChange] = {}
    for change in changes.due(connection, now, most=_AT_ONCE):
        first.setdefault(change.certificate, change)
    rows = certificates.hold_all(connection, first)
    ready = [change for change in first.values() if _may_move(rows[change.certificate], change)]
    late = [change for change in first.values() if not _may_move(rows[change.certificate], change)]
    for change in late:
        changes.close(connection, change, state=changes.OVERTAKEN)
    _record(issuer, connection, ready, kind="status_due", now=now)
    _record(issuer, connection, late, kind="status_overtaken", now=now)
    take_effect(issuer, connection, ready, now=now)
    return len(ready)


def _may_move(certificate: StoredCertificate, change: StoredChange) -> bool:
    try:
        check_move(old=Status(certificate.status), new=Status(change.new))
    except Conflict:
        return False
    return True


Alike = tuple[int, int, int, int]


def _grouped(
    due_now: Sequence[StoredChange], rows: Mapping[str, StoredCertificate]
) -> Iterator[tuple[Alike, list[StoredChange]]]:
    groups: dict[Alike, list[StoredChange]] = defaultdict(list)
    for change in due_now:
        groups[change.region, rows[change.certificate].list, change.new, change.effective_at].append(change)
    for alike, members in groups.items():
        for start in range(0, len(members), acts.MOST_INDICES):
            yield alike, members[start : start + acts.MOST_INDICES]


def _record(issuer: Issuer, connection: Connection, made: Iterable[StoredChange], *, kind: str, now: int) -> None:
    told = list(made)
    rows = certificates.find_all(connection, [change.certificate for change in told])
    records: dict[int, list[dict[str, object]]] = defaultdict(list)
    for change in told:
        fingerprint = rows[change.certificate].fingerprint.hex()
        record = {"fingerprint": fingerprint, "new": Status(change.new).name, "ground": change.reason}
        records[change.region].append({**record, "effective_at": change.effective_at})
    for region, grouped in sorted(records.items()):
        issuer.audit.record_many(connection, region=region, kind=kind, records=grouped, now=now)
