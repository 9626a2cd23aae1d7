"""The consortium's members as a code meets them, read from regions.toml: a fifth is one more table there.

>>> by_number(31).code_zh
'随申码'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ecert.domain.errors import NotFound
from ecert.domain.reading import Table, parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM: Final = "code.regions"
_WORDS: Final = ("used", "expired", "unknown")
_LAST_DIGIT: Final = 9


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


def parse_regions(source: object) -> tuple[Region, ...]:
    """Read the bytes of a regions.toml; numbers, codes and typed digits are unique. Malformed `code.regions`."""
    table = parse_toml(source, code=_FORM)
    regions = tuple(_region(row) for row in table.tables("region"))
    table.end()
    for names in zip(*((r.number, r.code, r.typed_digit) for r in regions), strict=True):
        if len(set(names)) != len(regions):
            raise table.fault("lets two regions share a number, a code or a typed digit")
    return regions


def _region(row: Table) -> Region:
    words = row.table("words")
    region = Region(
        number=row.size("number"),
        division=row.take("division", str),
        zh=row.take("zh", str),
        en=row.take("en", str),
        code=row.take("code", str),
        code_zh=row.take("code_zh", str),
        caption_zh=row.take("caption_zh", str),
        caption_en=row.take("caption_en", str),
        typed_digit=row.size("typed_digit"),
        words=MappingProxyType({name: words.take(name, str) for name in _WORDS}),
    )
    words.end()
    row.end()
    if not re.fullmatch(f"{region.number}0000", region.division) or region.typed_digit > _LAST_DIGIT:
        raise row.fault("has a division that its number does not open, or no digit")
    return region


REGIONS: Final = parse_regions(files("wallet_codes").joinpath("regions.toml").read_bytes())

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
