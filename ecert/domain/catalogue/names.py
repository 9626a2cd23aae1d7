"""A province calls a type by its own name; this finds the type, home province first, then the delta."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ecert.domain.catalogue.kinds import CertificateType
    from ecert.domain.reading import Table

LocalNames = Mapping[int, Mapping[str, tuple[str, ...]]]
"""By a type's number, then by region ("31" or "delta"): the names used there."""

DELTA: Final = "delta"
_REGION: Final = re.compile(r"[1-9][0-9]|delta")


def parse_local_names(rows: Sequence[Table]) -> dict[int, dict[str, tuple[str, ...]]]:
    """Read rows of {no, region, names, source}."""
    local: dict[int, dict[str, tuple[str, ...]]] = {}
    for row in rows:
        no, region, names = row.size("no"), row.take("region", str), row.each("names", str)
        row.choice("source", ("project",))
        row.end()
        if not _REGION.fullmatch(region) or not names or region in local.get(no, {}):
            raise row.fault("has an unknown region, no names, or stands there twice")
        local.setdefault(no, {})[region] = names
    return local


def names_by_region(table: Table, types: Sequence[CertificateType]) -> Mapping[tuple[str, str], str]:
    """Map (region, name) to a type's code; a province's unambiguous names serve the delta too."""
    names: dict[tuple[str, str], str] = {}
    for region, name, code in _spoken(types):
        if names.setdefault((region, name), code) != code:
            raise table.fault(f"{name} means two types in {region}")
    for name, meanings in _meanings(names).items():
        if len(meanings) == 1:
            names.setdefault((DELTA, name), *meanings)
    return MappingProxyType(names)


def _spoken(types: Sequence[CertificateType]) -> Iterator[tuple[str, str, str]]:
    for kind in types:
        yield DELTA, kind.zh, kind.code
        for region, names in kind.local_names.items():
            for name in names:
                yield region, name, kind.code


def _meanings(names: Mapping[tuple[str, str], str]) -> dict[str, set[str]]:
    meanings: dict[str, set[str]] = {}
    for (_, name), code in names.items():
        meanings.setdefault(name, set()).add(code)
    return meanings
