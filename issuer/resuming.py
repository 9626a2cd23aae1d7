"""The issuer goes on after a restore: no index is given out twice, and every certificate has the status on chain.

Which indices were given out after the backup is not known, so no list that may hold one is drawn from again. Why a
status changed after the backup is not known either: the ground is `unrecorded`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection

from ecert.domain.status import Status
from issuer.room import Issuer
from issuer.settling import settle
from issuer.store import certificates, changes, lists
from issuer.store.changes import NewChange
from issuer.store.lists import StoredList
from ledger.port import Ledger
from ledger.replica import Replica

__all__ = ["RestoredStatus", "name_lost", "resume_issuing", "taken_over"]

_GROUND = "unrecorded"


@dataclass(frozen=True, slots=True)
class RestoredStatus:
    """A certificate whose status was taken over from the chain."""

    licence_id: str
    old: Status
    new: Status


def resume_issuing(issuer: Issuer, replica: Replica, ledger: Ledger, *, now: int) -> None:
    """Close every list and take over each status that the replica, followed to the head, tells otherwise."""
    settle(issuer, now)
    with issuer.database.transaction() as connection:
        for region in issuer.regions:
            _close_lists(connection, issuer, ledger, region)
        moved = _moved(connection, replica)
        for each in moved:
            row = certificates.find_all(connection, [each.licence_id])[each.licence_id]
            change = NewChange(row.region, row.id, int(each.new), _GROUND, now)
            changes.note(connection, change, old=int(each.old), at=now)
        if moved:
            certificates.set_statuses(connection, {each.licence_id: int(each.new) for each in moved})


def taken_over(connection: Connection, *, since: int) -> tuple[RestoredStatus, ...]:
    """Return what was taken over since a time."""
    found = changes.for_reason(connection, _GROUND, since=since)
    return tuple(RestoredStatus(each.certificate, Status(each.old or 0), Status(each.new)) for each in found)


def name_lost(connection: Connection, leaves: Sequence[tuple[int, bytes]]) -> tuple[bytes, ...]:
    """Return the fingerprints that are no certificate's here."""
    return tuple(certificates.unknown(connection, [fingerprint for _, fingerprint in leaves]))


def _close_lists(connection: Connection, issuer: Issuer, ledger: Ledger, region: int) -> None:
    lists.close_all(connection, region)
    (count,) = cast("tuple[int]", ledger.ask(issuer.directory.call("StatusRegistry", "listCount", region)))
    newest = lists.newest(connection, region)
    for number in range((newest.number if newest else 0) + 1, count + 1):
        (size,) = cast("tuple[int]", ledger.ask(issuer.directory.call("StatusRegistry", "listSize", region, number)))
        lists.add(connection, StoredList(region, number, size, used=size))


def _moved(connection: Connection, replica: Replica) -> list[RestoredStatus]:
    found = []
    for placed in certificates.places(connection):
        told = replica.status(region=placed.region, number=placed.list, index=placed.idx)
        if told is not None and int(told) != placed.status:
            found.append(RestoredStatus(placed.id, Status(placed.status), told))
    return found
