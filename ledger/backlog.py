"""What still waits for the chain, for whoever operates: the outbox of each region and the queue of transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecert.runtime.storage import Database
from ledger.store import batches as batch_rows
from ledger.store import queue as queue_rows

__all__ = ["Backlog", "Waiting", "backlog"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the oldest does, Unix seconds; None where none does or nobody noted it."""

    count: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """`outbox` are fingerprints in no batch yet, by region; `transactions` are signed and not final."""

    outbox: Mapping[int, Waiting]
    transactions: Waiting

    def oldest(self) -> int | None:
        """Since when anything waits, Unix seconds."""
        times = [each.oldest for each in (*self.outbox.values(), self.transactions) if each.oldest is not None]
        return min(times, default=None)


def backlog(database: Database, regions: tuple[int, ...]) -> Backlog:
    """Count what waits; Unavailable("storage.unavailable")."""
    with database.reading() as connection:
        outbox = {region: Waiting(*batch_rows.waiting(connection, region)) for region in regions}
        return Backlog(outbox, Waiting(*queue_rows.under_way(connection)))
