"""The deployments of the delta as the demonstration sees them: one for all four regions, or one for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecert.app.wiring import House

__all__ = ["Delta"]


@dataclass(frozen=True, slots=True)
class Delta:
    """The deployments by region; one that serves several stands under each of them."""

    houses: Mapping[int, House]

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

    def settle(self) -> None:
        """Wait until what any of them queued is final, and all of them have followed it."""
        for house in self.each:
            house.settle()
        newest = max(house.replica.head.number for house in self.each)
        for house in self.each:
            while house.replica.head.number < newest:
                house.settle()
