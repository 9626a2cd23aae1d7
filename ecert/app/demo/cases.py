"""The rows of the table, read from cases.toml, and what each is expected to give."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from ecert.app.demo.places import place_of
from ecert.app.demo.wants import Want
from ecert.domain.ids import parse_division
from ecert.domain.items import ITEMS, Item
from verifier.findings import Verdict
from wallet_codes.regions import Region, by_number

__all__ = ["CASES", "Case", "Way", "item_for"]

Way = Literal["online", "typed", "offline", "file"]

_SHOWING: Final = "EC-01"
"""How the codes of the items begin that ask for one certificate of a group of types and nothing else."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what is shown, by which way, at which region's window, after which twist, and what must come of it."""

    name: str
    want: Want
    accept: int
    way: Way
    twist: str
    expect: Verdict
    finding: str
    also: frozenset[str]

    @property
    def code(self) -> Region | None:
        """The region whose code shows it; None for a file."""
        return None if self.way == "file" else by_number(self.want.home)

    @property
    def division(self) -> str:
        """The accepting division, as parsed."""
        return parse_division(place_of(self.accept).division)


def item_for(type_no: int) -> Item:
    """Find the item that asks for this type alone."""
    code = Want(type_no, "", 0, 0, 0).kind.code
    return next(item for item in ITEMS.items.values() if item.code.startswith(_SHOWING) and code in item.elements)


def _case(row: dict[str, Any]) -> Case:
    way, twist = row["way"], row.get("twist", "none")
    if way not in get_args(Way):
        message = f"{row['name']}: there is no way {way}"
        raise ValueError(message)
    home = row.get("home", row["region"])
    want = Want(row["type"], row["suite"], row["region"], home, row["household"])
    return Case(
        row["name"],
        want,
        row["accept"],
        way,
        twist,
        Verdict(row["expect"]),
        row["finding"],
        frozenset(row.get("also", ())),
    )


CASES: Final = tuple(
    _case(row) for row in tomllib.loads((files(__package__) / "cases.toml").read_text("utf-8"))["cases"]
)
"""In the order in which they are shown."""
