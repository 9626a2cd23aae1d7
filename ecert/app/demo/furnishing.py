"""What the pages show: each region's first household holds all 37 types, and Mr Li of Wujiang one from Shanghai too."""

from __future__ import annotations

from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.stock import Stock
from ecert.app.demo.wants import Want
from ecert.domain.catalogue import CATALOGUE

__all__ = ["furnish_people"]

_FROM_ELSEWHERE: Final = (Want(5, "ES256", 31, 32, 1), Want(2, "ES256", 31, 32, 1))
"""He lives in Qingpu: his residence permit and driving licence are Shanghai's."""


def furnish_people(delta: Delta) -> None:
    """Issue what the households do not hold yet, and wait until it is anchored."""
    regions = delta.houses.keys()
    own = [Want(kind.no, "ES256", region, region, 1) for region in regions for kind in CATALOGUE.types]
    Stock(delta).fill((), [*own, *(want for want in _FROM_ELSEWHERE if {want.region, want.home} <= set(regions))])
    delta.settle()
