"""Service items (事项): what each one asks for, and the least that a clerk may see of it.

The home region filters by its own copy of the released items. docs/spec/items.md tells each field.

>>> elements_for(by_item_code("EC-0001"), "11100000MB03271699001")
('BDCQZH', 'QLR', 'ZL', 'BDCDYH')
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

from ecert.domain.catalogue import CATALOGUE, Catalogue, CertificateType
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.ids import division_covers, parse_division
from ecert.domain.reading import Table, parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

Assurance = Literal["offline", "online", "full"]
ASSURANCES: Final[tuple[Assurance, ...]] = get_args(Assurance)
"""From the least to the most."""

Basis = Literal["statutory_duty", "consent"]

_FORM: Final = "item.form"
_CODE: Final = re.compile(r"EC-[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A place in an item's list that any one of these types fills."""

    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item; `elements` is the least that it needs of each type, `follow_up` what may come later."""

    code: str
    zh: str
    en: str
    required: tuple[Requirement, ...]
    elements: Mapping[str, tuple[str, ...]]
    least_assurance: Assurance
    follow_up: tuple[str, ...]
    basis: Basis
    divisions: tuple[str, ...]

    def is_offered_in(self, division: str) -> bool:
        """Tell whether a window of this parsed division offers the item."""
        return any(division_covers(outer=offered, inner=division) for offered in self.divisions)

    def takes(self, assurance: Assurance) -> bool:
        """Tell whether evidence of this assurance is enough."""
        return ASSURANCES.index(assurance) >= ASSURANCES.index(self.least_assurance)


@dataclass(frozen=True, slots=True)
class Items:
    """A release of the items; `sha256` is of its bytes."""

    version: int
    sha256: bytes
    items: Mapping[str, Item]

    def by_item_code(self, code: str) -> Item:
        """Find an item; NotFound `item.unknown`."""
        try:
            return self.items[code]
        except KeyError:
            raise NotFound("item.unknown") from None


def elements_for(item: Item, type_code: str) -> tuple[str, ...]:
    """Give the element keys that the item needs of a type; none for a type that it does not take."""
    return item.elements.get(type_code, ())


def parse_items(source: object, catalogue: Catalogue = CATALOGUE) -> Items:
    """Read the bytes of an items.toml against a catalogue; Malformed `item.form`, naming the place."""
    table = parse_toml(source, code=_FORM)
    version = table.size("version")
    rows = [_item(row, catalogue) for row in table.tables("items")]
    items = {item.code: item for item in rows}
    if not rows or len(items) != len(rows):
        raise table.fault("has no items, or one code twice")
    table.end()
    digest = hashlib.sha256(source if isinstance(source, bytes) else b"").digest()
    return Items(version, digest, MappingProxyType(items))


def _item(row: Table, catalogue: Catalogue) -> Item:
    required = tuple(_requirement(row, nos, catalogue) for nos in row.each("requires", list))
    taken = {code for requirement in required for code in requirement.any_of}
    item = Item(
        code=row.take("code", str),
        zh=row.take("zh", str),
        en=row.take("en", str),
        required=required,
        elements=MappingProxyType(_elements(row.table("elements"), catalogue)),
        least_assurance=row.choice("least_assurance", get_args(Assurance)),
        follow_up=tuple(_kind(row, no, catalogue).code for no in row.each("follow_up", int)),
        basis=row.choice("basis", get_args(Basis)),
        divisions=tuple(_division(row, text) for text in row.each("divisions", str)),
    )
    row.end()
    if not _CODE.fullmatch(item.code) or not item.divisions:
        raise row.fault("has no code EC-0000, or no divisions")
    if not taken or item.elements.keys() != taken or not taken.issuperset(item.follow_up):
        raise row.fault("must name elements of exactly the types that it requires, and follow up no other")
    return item


def _requirement(row: Table, nos: list[object], catalogue: Catalogue) -> Requirement:
    codes = tuple(_kind(row, no, catalogue).code for no in nos)
    if not codes or len(set(codes)) != len(codes):
        raise row.fault("has an empty requirement, or one type twice in it")
    return Requirement(codes)


def _elements(row: Table, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    elements: dict[str, tuple[str, ...]] = {}
    for number in row.names():
        kind = _kind(row, int(number) if re.fullmatch(r"[0-9]{1,4}", number) else None, catalogue)
        keys = row.each(number, str)
        if not keys or len(set(keys)) != len(keys) or not set(keys) <= {e.key for e in kind.elements}:
            raise row.fault(f"{number} names no element, an unknown one, or one twice")
        elements[kind.code] = keys
    return elements


def _kind(row: Table, no: object, catalogue: Catalogue) -> CertificateType:
    try:
        return catalogue.by_no(no if type(no) is int else 0)
    except NotFound:
        raise row.fault("names a type that the catalogue does not have") from None


def _division(row: Table, text: str) -> str:
    try:
        return parse_division(text)
    except Malformed:
        raise row.fault("names a division that is none") from None


ITEMS: Final[Items] = parse_items((files("ecert.domain") / "items.toml").read_bytes())


def by_item_code(code: str) -> Item:
    """Find an item of this release; NotFound `item.unknown`."""
    return ITEMS.by_item_code(code)
