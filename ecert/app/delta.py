"""The deployments of the delta as the demonstration sees them: one for all four regions, or one for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from ecert.app.wiring import House

__all__ = ["Delta"]


@dataclass(frozen=True, slots=True)
class Delta:
    """The deployments by region; one that serves several stands under each of them.

    `stop` takes a region's process away for a while, where it is another than this one.
    """

    houses: Mapping[int, House]
    stop: Callable[[int], AbstractContextManager[object]] | None = None

    @classmethod
    def alone(cls, house: House) -> Delta:
        """See one deployment of several regions as them all."""
        return cls(dict.fromkeys(house.floor.regions, house))

    @property
    def each(self) -> tuple[House, ...]:
        """Every deployment once."""
        return tuple({id(house): house for house in self.houses.values()}.values())

    def of(self, region: int) -> House:
        """Give a region's deployment."""
        return self.houses[region]

    @contextmanager
    def without(self, region: int) -> Iterator[None]:
        """Make a region an outage for a while."""
        if self.stop is not None:
            with self.stop(region):
                yield
            return
        gateway = self.of(region).gateways[region]
        gateway.is_open = False
        try:
            yield
        finally:
            gateway.is_open = True

    def settle(self) -> None:
        """Wait until what any of them queued is final, and all of them have followed it."""
        for house in self.each:
            house.rounds.once()  # each sends before one waits
        for house in self.each:
            house.settle()
        newest = max(house.replica.head.number for house in self.each)
        for house in self.each:
            while house.replica.head.number < newest:
                house.settle()
