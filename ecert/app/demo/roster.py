"""The demonstration's people as the pages meet them: citizens of the invented households, a clerk in each region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ecert.app.demo.people import HOUSEHOLDS, PARTS, Household
from ecert.app.demo.places import place_of
from ecert.domain.errors import NotAllowed
from ecert.domain.ids import parse_division
from verifier.desk import Window
from wallet_codes.shelves import Citizen

__all__ = ["Roster"]

_AGENT: Final = "husband"
"""Who acts for a household's organisations."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Those of the regions that this deployment serves; names are "32-1-husband" and "31"."""

    regions: tuple[int, ...]

    def citizen(self, name: str) -> Citizen:
        """Find a citizen; NotAllowed("session.missing")."""
        for home, part in self._everybody():
            if name == _name(home, part):
                return _citizen(home, part)
        raise NotAllowed("session.missing", "citizen")

    def window(self, name: str) -> Window:
        """Find a region's window; NotAllowed("session.missing")."""
        for region in self.regions:
            if name == str(region):
                return _window(region)
        raise NotAllowed("session.missing", "clerk")

    def households(self) -> tuple[tuple[Household, tuple[tuple[str, Citizen], ...]], ...]:
        """List the households with their citizens by name, in the order of the regions."""
        return tuple(
            (home, tuple((_name(home, part), _citizen(home, part)) for part in PARTS))
            for (region, _), home in sorted(HOUSEHOLDS.items())
            if region in self.regions
        )

    def windows(self) -> tuple[tuple[str, Window], ...]:
        """List the windows by name."""
        return tuple((str(region), _window(region)) for region in self.regions)

    def _everybody(self) -> Iterator[tuple[Household, str]]:
        return ((home, part) for home in HOUSEHOLDS.values() for part in PARTS if home.region in self.regions)


def _name(home: Household, part: str) -> str:
    return f"{home.region}-{home.number}-{part}"


def _citizen(home: Household, part: str) -> Citizen:
    person = home.people[part]
    organisations = home.organisations.values() if part == _AGENT else ()
    return Citizen(person.name, home.region, person.ref, tuple((each.name, each.ref) for each in organisations))


def _window(region: int) -> Window:
    place = place_of(region)
    return Window(
        region=region,
        division=parse_division(place.division),
        organisation=f"示例{place.name}政务服务中心",
        operator="示例窗口人员",
        device=f"demo-window-{region}",
    )
