"""A whole, valid face for any of the 37 types, filled in from faces.toml for one invented household.

The same household, authority and first day give the same face; what varies from run to run is salts and serials.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, Final

from ecert.app.demo.authorities import Seat
from ecert.app.demo.people import Household, Organisation, Person
from ecert.app.demo.places import place_of
from ecert.domain.catalogue import CATALOGUE, LONG_TERM, CertificateType, OnFace, last_day
from ecert.domain.dates import add_years
from ecert.domain.holders import Holder, HolderRef

__all__ = ["PICTURE", "Filled", "Showing", "fill", "showing"]

PICTURE: Final = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR42mNogAIGyhgAgIQgARDoahcAAAAASUVORK5CYII="
"""Eight by eight grey pixels stand for every portrait and signature."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What one certificate says; `elements` are to be signed, `mutable` are kept at home, `last` None is 长期."""

    kind: CertificateType
    holders: tuple[Holder, ...]
    elements: dict[str, object] = field(repr=False)
    mutable: dict[str, object] = field(repr=False)
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Showing:
    """Who shows a type's certificate: a person, and the organisation for which they act where it holds it."""

    person: HolderRef
    organisation: HolderRef | None


def fill(type_no: int, *, home: Household, seat: Seat, first: date) -> Filled:
    """Fill in a type's face, valid from `first`; it passes `catalogue.check_elements` and the type's date rule."""
    face, kind = _FACES[type_no], CATALOGUE.by_no(type_no)
    last = _last(kind, home, first)
    parties: dict[str, Person | Organisation] = {**home.people}
    if "org" in face:
        parties["org"] = home.organisations[face["org"]]
    place, days = place_of(home.region), _days(first, last)
    words = {**parties, "authority": seat, "place": place, "picture": PICTURE, "day": days}
    return Filled(
        kind=kind,
        holders=tuple(parties[part].holder(role) for part, role in face["holders"].items()),
        elements=_elements(face["elements"], words),
        mutable=face.get("mutable", {}),
        first=first,
        last=last,
    )


def showing(type_no: int, home: Household) -> Showing:
    """Tell who shows a type's certificate; the husband acts for the household's organisations."""
    face = _FACES[type_no]
    person = home.people[face.get("shown_by", "husband")].ref
    held_by_organisation = "org" in face["holders"]
    return Showing(person, home.organisations[face["org"]].ref if held_by_organisation else None)


def _last(kind: CertificateType, home: Household, first: date) -> date | None:
    born = date.fromisoformat(home.people["husband"].born)
    term = kind.validity.term
    on_face = add_years(first, term.max_years or 10) - timedelta(days=1) if isinstance(term, OnFace) else None
    return last_day(kind.validity, first=first, born=born, face_last=on_face)


def _days(first: date, last: date | None) -> SimpleNamespace:
    year = min(add_years(first, 1), last or date.max)
    return SimpleNamespace(first=first.isoformat(), last=last.isoformat() if last else LONG_TERM, year=year.isoformat())


def _elements(template: Mapping[str, object], words: Mapping[str, object]) -> dict[str, object]:
    return {key: _worded(value, words) for key, value in template.items()}


def _worded(value: object, words: Mapping[str, object]) -> object:
    match value:
        case str():
            return value.format_map(words)
        case list():
            return [_worded(entry, words) for entry in value]
        case dict():
            return _elements(value, words)
        case _:
            return value


_FACES: Final[dict[int, dict[str, Any]]] = {
    face["no"]: face for face in tomllib.loads((files(__package__) / "faces.toml").read_text("utf-8"))["faces"]
}
