"""The demonstration's issuing authorities: fifteen kinds in each region, and four that go wrong on purpose."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ecert.domain.catalogue import CATALOGUE
from ecert.domain.ids import parse_uscc

__all__ = ["SEATS", "SPECIAL", "Seat", "seat_for"]


@dataclass(frozen=True, slots=True)
class Seat:
    """An authority as the demonstration sets it up: it serves its whole region and may issue `types`."""

    region: int
    name: str
    uscc: str
    types: tuple[str, ...]

    @property
    def division(self) -> str:
        """The division that it serves, two digits."""
        return str(self.region)


def seat_for(region: int, type_no: int) -> Seat:
    """Find the authority that issues a type, by its number in the catalogue, in a region."""
    return _BY_TYPE[region, CATALOGUE.by_no(type_no).code]


def _seat(row: dict[str, Any], numbers: list[int]) -> Seat:
    types = tuple(CATALOGUE.by_no(no).code for no in numbers)
    return Seat(row["region"], row["name"], parse_uscc(row["uscc"]), types)


_LISTED: Final = tomllib.loads((files(__package__) / "authorities.toml").read_text("utf-8"))

SEATS: Final = tuple(_seat(row, _LISTED["kinds"][row["kind"]]) for row in _LISTED["authorities"])
"""The sixty that issue what is accepted."""

SPECIAL: Final = {name: _seat(row, row["grants"]) for name, row in _LISTED["special"].items()}
"""`stranger`, `overreaching`, `dissolved` and `robbed`, which sign what is to be refused."""

_BY_TYPE: Final = {(seat.region, code): seat for seat in SEATS for code in seat.types}
