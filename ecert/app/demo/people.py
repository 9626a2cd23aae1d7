"""Who the demonstration is about: invented households and organisations, their numbers right in form and nobody's.

Resident numbers by GB 11643 in county codes that are not assigned, credit codes by GB 32100 in divisions that are not.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ecert.domain.holders import ORGANISATION, RESIDENT, Holder, HolderRef
from ecert.domain.ids import parse_resident_id, parse_uscc

__all__ = ["HOUSEHOLDS", "PARTS", "Household", "Organisation", "Person", "household"]

PARTS: Final = ("husband", "wife", "child", "elder")


@dataclass(frozen=True, slots=True)
class Person:
    """A person that does not exist; `serial` (six digits) numbers their certificates' faces."""

    name: str
    id: str
    born: str
    sex: str
    serial: str

    @property
    def ref(self) -> HolderRef:
        """How a window names this person."""
        return HolderRef(RESIDENT, self.id)

    def holder(self, role: str) -> Holder:
        """Name this person on a certificate."""
        return Holder("person", RESIDENT, self.id, self.name, role)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation that does not exist."""

    name: str
    uscc: str

    @property
    def ref(self) -> HolderRef:
        """How a window names this organisation."""
        return HolderRef(ORGANISATION, self.uscc)

    def holder(self, role: str) -> Holder:
        """Name this organisation on a certificate."""
        return Holder("organisation", ORGANISATION, self.uscc, self.name, role)


@dataclass(frozen=True, slots=True)
class Household:
    """Four persons who belong together, and the organisations whose agent the husband is, by their kind."""

    region: int
    number: int
    people: dict[str, Person]
    organisations: dict[str, Organisation]


def household(region: int, number: int) -> Household:
    """Find a region's household 1, 2 or 3."""
    return HOUSEHOLDS[region, number]


def _load() -> dict[tuple[int, int], Household]:
    listed = tomllib.loads((files(__package__) / "people.toml").read_text("utf-8"))
    households: dict[tuple[int, int], Household] = {}
    for row in listed["people"]:
        place = row["region"], row["household"]
        home = households.setdefault(place, Household(*place, {}, {}))
        home.people[row["part"]] = _person(row)
    for row in listed["organisations"]:
        home = households[row["region"], row["household"]]
        home.organisations[row["part"]] = Organisation(row["name"], parse_uscc(row["uscc"]))
    return households


def _person(row: dict[str, Any]) -> Person:
    read = parse_resident_id(row["id"])
    serial = f"{row['region']}{row['household']}{PARTS.index(row['part']) + 1}99"
    return Person(row["name"], read.text, read.born.isoformat(), read.sex, serial)


HOUSEHOLDS: Final = _load()
"""By region and number."""
