"""What the pages show: each region's first household holds what one family can, Mr Li's from Shanghai too."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.stock import Stock
from ecert.app.demo.wants import Want
from ecert.domain.catalogue import CATALOGUE

__all__ = ["furnish_people", "wanted"]

_FROM_ELSEWHERE: Final = (Want(5, "ES256", 31, 32, 1), Want(2, "ES256", 31, 32, 1))
"""He lives in Qingpu: his residence permit and driving licence are Shanghai's, and he has no others."""

_MARRIED: Final = 8
_DIVORCED: Final = 9
_PARTED: Final = 31
"""Nobody holds both certificates: this region's couple is divorced, as the table has it, the others are married."""


def furnish_people(delta: Delta) -> None:
    """Issue what the households do not hold yet, and wait until it is anchored."""
    Stock(delta).fill((), wanted(delta.houses.keys()))
    delta.settle()


def wanted(regions: Collection[int]) -> Iterator[Want]:
    """Every type but one of marriage and divorce; nothing at home that is held from elsewhere."""
    elsewhere = [want for want in _FROM_ELSEWHERE if {want.region, want.home} <= set(regions)]
    held = {(want.home, want.type_no) for want in elsewhere}
    held |= {(region, _MARRIED if region == _PARTED else _DIVORCED) for region in regions}
    for region in regions:
        for kind in CATALOGUE.types:
            if (region, kind.no) not in held:
                yield Want(kind.no, "ES256", region, region, 1)
    yield from elsewhere
