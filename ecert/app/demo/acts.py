"""How the demonstration acts for a region: with that region's own admin key, through the queue like everybody."""

from __future__ import annotations

from collections.abc import Iterable

from ecert.app.wiring import House
from ledger.port import Call

__all__ = ["Act", "queue"]

Act = tuple[int, Call]
"""A call and the region whose admin sends it."""


def queue(house: House, wanted: Iterable[Act]) -> None:
    """Queue acts in one transaction; they are final after the next `house.settle()`."""
    acts = list(wanted)
    with house.floor.database.transaction() as connection:
        for region, call in acts:
            house.floor.sending.queue(connection, call, account=f"{region}-admin", now=house.floor.now())
