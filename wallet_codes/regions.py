"""The consortium's members as a code meets them, read from regions.toml: a fifth is one more table there.

>>> by_number(31).code_zh
'随申码'
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ecert.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Region:
    """One member; `number` opens its `division`, and `words` says used, expired and unknown in Chinese."""

    number: int
    division: str
    zh: str
    en: str
    code: str
    code_zh: str
    caption_zh: str
    caption_en: str
    typed_digit: int
    words: Mapping[str, str]


def parse_regions(text: str) -> tuple[Region, ...]:
    """Read the TOML of regions; numbers, codes and typed digits are unique, or ValueError (our defect)."""
    regions = tuple(_region(fields) for fields in tomllib.loads(text)["region"])
    for names in zip(*((r.number, r.code, r.typed_digit) for r in regions), strict=True):
        if len(set(names)) != len(regions):
            message = f"two regions share one of {names}"
            raise ValueError(message)
    return regions


def _region(fields: dict[str, Any]) -> Region:
    return Region(**{**fields, "words": MappingProxyType(fields["words"])})


REGIONS: Final = parse_regions(files("wallet_codes").joinpath("regions.toml").read_text("utf-8"))

_BY_NUMBER: Final = {region.number: region for region in REGIONS}
_BY_CODE: Final = {region.code: region for region in REGIONS}
_BY_TYPED_DIGIT: Final = {region.typed_digit: region for region in REGIONS}


def by_number(number: int) -> Region:
    """Return the region of a two-digit number (31); NotFound `code.region`."""
    return _found(_BY_NUMBER.get(number))


def by_code(code: str) -> Region:
    """Return the region of a code's name ("suishenma"); NotFound `code.region`."""
    return _found(_BY_CODE.get(code))


def by_typed_digit(digit: int) -> Region:
    """Return the region that a typed code's first digit names; NotFound `code.region`."""
    return _found(_BY_TYPED_DIGIT.get(digit))


def _found(region: Region | None) -> Region:
    if region is None:
        raise NotFound("code.region")
    return region
