"""Reading a release of the catalogue: everything that the rest of the house relies on is checked here, once.

The fields are told in docs/spec/catalogue.md.
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ecert.domain.catalogue.elements import parse_code_sets, parse_elements
from ecert.domain.catalogue.kinds import Catalogue, CertificateType, CodeSet
from ecert.domain.catalogue.names import LocalNames, names_by_region, parse_local_names
from ecert.domain.catalogue.rules import parse_rule
from ecert.domain.errors import Malformed
from ecert.domain.holders import KINDS, Kind
from ecert.domain.ids import parse_type_code
from ecert.domain.reading import Table, parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE: Final = 37
"""Types in the catalogue; a release with more is a new version of this house."""

_FORM: Final = "catalogue.form"
_PLACEHOLDER: Final = "0" * 18


def parse_catalogue(source: object) -> Catalogue:
    """Read the bytes of a catalogue.toml; Malformed `catalogue.form`, naming the place."""
    table = parse_toml(source, code=_FORM)
    code_sets = parse_code_sets(table.table("code_sets"))
    local = parse_local_names(table.tables("local_names"))
    types = tuple(_type(row, code_sets, local) for row in table.tables("types"))
    numbers = range(1, SIZE + 1)
    if [kind.no for kind in types] != list(numbers) or not local.keys() <= set(numbers):
        raise table.fault(f"must number its types from 1 to {SIZE}, and name no other")
    codes = {kind.code: kind for kind in types}
    if len(codes) != SIZE:
        raise table.fault("gives one code to two types")
    catalogue = Catalogue(
        version=table.size("version"),
        sha256=hashlib.sha256(source if isinstance(source, bytes) else b"").digest(),
        types=types,
        codes=MappingProxyType(codes),
        names=names_by_region(table, types),
    )
    table.end()
    return catalogue


def _type(row: Table, code_sets: Mapping[str, CodeSet], local: LocalNames) -> CertificateType:
    no, code, placeholder = row.size("no"), _type_code(row), row.take("placeholder", bool)
    if placeholder != code.startswith(_PLACEHOLDER) or (placeholder and code[18:] != f"{no:03d}"):
        raise row.fault("is a placeholder exactly if its code is eighteen zeros and its number")
    elements = parse_elements(row, "elements", code_sets)
    kind = CertificateType(
        no=no,
        code=code,
        placeholder=placeholder,
        zh=row.take("zh", str),
        en=row.take("en", str),
        holder_kinds=_holder_kinds(row),
        authority=row.take("authority", str),
        validity=parse_rule(row.table("validity"), elements),
        validity_text=row.take("validity_text", str),
        freshness=row.size("freshness"),
        sensitive_because=row.may("sensitive_because", str),
        evidence=row.take("evidence", str),
        elements=elements,
        local_names=MappingProxyType(local.get(no, {})),
    )
    row.end()
    return kind


def _type_code(row: Table) -> str:
    try:
        return parse_type_code(row.take("code", str))
    except Malformed as fault:
        raise row.fault(f"code: {fault.code}") from fault


def _holder_kinds(row: Table) -> frozenset[Kind]:
    kinds = frozenset(row.chosen(kind, KINDS) for kind in row.each("holder_kinds", str))
    if not kinds:
        raise row.fault("names no kind of holder")
    return kinds
