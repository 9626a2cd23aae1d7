"""A change of status made durable: its row, the certificate's row and the signed transaction in one, `status.queue`.

The contract takes no change before its time, so a later one waits at home (`due`). One transaction carries all that
change alike in one list, indices sorted, as the contract wants them (docs/contracts.md, StatusRegistry.setStatus).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from ecert.domain.errors import Conflict
from ecert.domain.status import Status, check_move
from issuer.room import Issuer
from issuer.store import certificates, changes
from issuer.store.certificates import StoredCertificate
from issuer.store.changes import StoredChange
from ledger import acts

__all__ = ["due", "make_change", "take_effect"]

_AT_ONCE = 1_000
_CALL = 2_000  # indices in a transaction: about 20 million gas (docs/contracts.md, Gas)


def make_change(
    issuer: Issuer,
    connection: Connection,
    certificate: StoredCertificate,
    *,
    new: Status,
    ground: str,
    effective_at: int,
    now: int,
) -> StoredChange:
    """Write a change and its audit record, inside the caller's transaction. Conflict("status.*")."""
    check_move(old=Status(certificate.status), new=new)
    change = changes.add(
        connection,
        region=certificate.region,
        certificate=certificate.id,
        new=int(new),
        reason=ground,
        effective_at=effective_at,
        at=now,
    )
    _record(issuer, connection, change, kind="status", now=now)
    return change


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
    """Queue what has waited for its day; return how many changes. What another change overtook is only marked so."""
    queued = 0
    while True:
        with issuer.database.reading() as connection:
            if not changes.due(connection, now, most=1):
                return queued
        with issuer.database.transaction() as connection:
            queued += _pass(issuer, connection, now)


def _pass(issuer: Issuer, connection: Connection, now: int) -> int:
    """Take the first due change of each certificate, so that several of one certificate keep their order."""
    first: dict[str, StoredChange] = {}
    for change in changes.due(connection, now, most=_AT_ONCE):
        first.setdefault(change.certificate, change)
    rows = certificates.find_all(connection, first)
    ready = [change for change in first.values() if _may_move(rows[change.certificate], change)]
    for change in first.values():
        if change not in ready:
            changes.overtake(connection, change)
        _record(issuer, connection, change, kind="status.due" if change in ready else "status.overtaken", now=now)
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
        for start in range(0, len(members), _CALL):
            yield alike, members[start : start + _CALL]


def _record(issuer: Issuer, connection: Connection, change: StoredChange, *, kind: str, now: int) -> None:
    record = {
        "licence_id": change.certificate,
        "new": Status(change.new).name,
        "ground": change.reason,
        "effective_at": change.effective_at,
    }
    issuer.audit.record(connection, region=change.region, kind=kind, record=record, now=now)
