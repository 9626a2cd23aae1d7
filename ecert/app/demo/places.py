"""Where the demonstration takes place: one county in each region, whose windows accept and whose people live there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PLACES", "Place", "place_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """A county (GB/T 2260, six digits) with an invented address, its number plates' beginning and its short name."""

    region: int
    division: str
    name: str
    address: str
    plate: str
    short: str


PLACES: Final = (
    Place(31, "310118", "青浦区", "上海市青浦区示例路1号", "沪A", "沪"),
    Place(32, "320509", "吴江区", "江苏省苏州市吴江区示例路1号", "苏E", "苏"),
    Place(33, "330421", "嘉善县", "浙江省嘉兴市嘉善县示例路1号", "浙F", "浙"),
    Place(34, "340100", "合肥市", "安徽省合肥市示例路1号", "皖A", "皖"),
)


def place_of(region: int) -> Place:
    """Return a region's place."""
    return next(place for place in PLACES if place.region == region)
