"""After a restore: everything that was promised to the chain is sent, and what the chain knows more is taken over.

Steps, each safe to repeat until the last. (1) What was queued is sent until it is final, the same bytes as ever.
(2) The chain is followed. (3) The ledger goes on after the chain's last batches, nonces and audit entries. (4) The
issuer goes on in new status lists, and each certificate has the chain's status. (5) Codes that were alive end.
(6) The database says that it is whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from ecert.app.backup.form import Manifest
from ecert.app.rounds import settle_queue
from ecert.app.wiring import House
from issuer.resuming import RestoredStatus, name_lost, resume_issuing, taken_over
from ledger.replica import CERTIFICATES
from ledger.resuming import LOST, Resuming
from ledger.store import audit as audit_rows
from ledger.store import batches as batch_rows
from ledger.store import queue as queue_rows
from ledger.store.batches import ClosedBatch
from wallet_codes.purging import end_all

__all__ = ["Resumed", "resume"]


@dataclass(frozen=True, slots=True)
class Resumed:
    """What came after a backup made at `made_at` (Unix seconds), as far as the chain and the backup tell.

    `lost` are fingerprints anchored whose certificates are not in the backup; of a lost batch only its size is known.
    `audit_lost` counts a region's entries of the audit log that are gone.
    """

    made_at: int
    batches: tuple[ClosedBatch, ...]
    lost: tuple[bytes, ...] = field(repr=False)
    audit_lost: dict[int, int]
    statuses: tuple[RestoredStatus, ...] = field(repr=False)


def resume(house: House, manifest: Manifest) -> Resumed:
    """Bring a loaded database up to the chain; Conflict("backup.unknown_batch"), Unavailable("ledger.*")."""
    floor = house.floor
    settle_queue(floor.sending)
    house.rounds.follow()
    house.replica.refresh()
    now = max(floor.now(), manifest.made_at)
    ledger = Resuming(floor.sending, house.audit, house.directory, floor.regions, manifest.id)
    with floor.database.transaction() as connection:
        ledger.resume(connection, now=now)
    resume_issuing(house.issuer, house.replica, floor.ledger, now=now)
    end_all(house.home, now=now)
    with floor.database.transaction() as connection:
        resumed = _told(connection, manifest)
        queue_rows.set_restoring(connection, restoring=False)
    return resumed


def _told(connection: Connection, manifest: Manifest) -> Resumed:
    """Read from the rows what came after the backup: it is the same if the restore was broken off and repeated."""
    since = manifest.made_at
    return Resumed(
        made_at=since,
        batches=tuple(batch_rows.hollow_batches(connection, after=manifest.batches, kind=CERTIFICATES)),
        lost=name_lost(connection, batch_rows.leaves_after(connection, manifest.batches)),
        audit_lost=audit_rows.count_entries(connection, kind=LOST, since=since),
        statuses=taken_over(connection, since=since),
    )
