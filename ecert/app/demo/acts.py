"""How the demonstration acts for a region: with that region's own admin key, through the queue like everybody."""

from __future__ import annotations

from collections.abc import Iterable

from ecert.app.delta import Delta
from ecert.app.wiring import House
from ledger.port import Call

__all__ = ["Act", "queue"]

Act = tuple[int, Call]
"""A call and the region whose admin sends it."""


def queue(delta: Delta, wanted: Iterable[Act]) -> None:
    """Queue acts, one transaction a deployment; they are final after the next `delta.settle()`."""
    acts = list(wanted)
    for house in delta.each:
        own = [(region, call) for region, call in acts if region in house.floor.regions]
        if own:
            _queue(house, own)


def _queue(house: House, acts: list[Act]) -> None:
    with house.floor.database.transaction() as connection:
        for region, call in acts:
            house.floor.sending.queue(connection, call, account=f"{region}-admin", now=house.floor.now())
