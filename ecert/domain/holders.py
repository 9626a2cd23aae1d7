"""Who a certificate is about: one person, two who married, a household, or an organisation with its agent.

A holder is known by the pair (id_type, id). Types: 001 citizen identity number (GB 11643), USCC for
organisations (GB 32100), and any other three digits (111, 414, 511 are seen), whose numbers stay as given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeGuard

from ecert.domain.errors import Malformed
from ecert.domain.ids import parse_resident_id, parse_uscc
from ecert.domain.text import is_clean

Kind = Literal["person", "organisation"]
KINDS: Final[tuple[Kind, ...]] = ("person", "organisation")

RESIDENT: Final = "001"
ORGANISATION: Final = "USCC"

ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "holder": ("持证人", "holder"),
    "spouse": ("配偶", "spouse"),
    "owner": ("权利人", "owner"),
    "agent": ("经办人", "agent"),
    "legal_representative": ("法定代表人", "legal representative"),
    "child": ("子女", "child"),
    "guardian": ("监护人", "guardian"),
}
"""The parts that a holder plays on a certificate, in Chinese and English; the project's own list."""

ID_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    RESIDENT: ("公民身份号码", "citizen identity number"),
    "414": ("普通护照", "ordinary passport"),
    "511": ("台湾居民来往大陆通行证", "mainland travel permit (Taiwan)"),
}
"""The types that have a name here; any other three digits are read and shown as they are."""

_ID_TYPE: Final = re.compile(r"[0-9]{3}|USCC")
_PAIR: Final = frozenset({"id_type", "id"})
_NAMED: Final = _PAIR | {"kind", "name"}
_ROLE: Final = frozenset({"role"})
_LONGEST_ID: Final = 64
_LONGEST_NAME: Final = 500


@dataclass(frozen=True, slots=True)
class HolderRef:
    """Whom a caller means: the pair that identifies a holder; its repr keeps the number to itself."""

    id_type: str
    id: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.id_type}:{self.id}"


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder as a certificate names it; its repr keeps name and number to itself."""

    kind: Kind
    id_type: str
    id: str = field(repr=False)
    name: str = field(repr=False)
    role: str = "holder"

    @property
    def ref(self) -> HolderRef:
        """The pair that identifies this holder."""
        return HolderRef(self.id_type, self.id)

    def claims(self) -> dict[str, str]:
        """Give the wire object that `parse_holder` reads."""
        return {
            "kind": self.kind,
            "id_type": self.id_type,
            "id": self.id,
            "name": self.name,
            "role": self.role,
        }


def parse_holder(value: object) -> Holder:
    """Read {kind, id_type, id, name, role}, `role` optional; `holder.*` or the number's own code."""
    fields = _fields(value, required=_NAMED, optional=_ROLE)
    kind, name, role = fields["kind"], fields["name"], fields.get("role", "holder")
    if not _is_kind(kind) or (fields["id_type"] == ORGANISATION) != (kind == "organisation"):
        raise Malformed("holder.kind")
    if role not in ROLES:
        raise Malformed("holder.role")
    if not _is_plain(name, longest=_LONGEST_NAME):
        raise Malformed("holder.name")
    ref = _ref(id_type=fields["id_type"], number=fields["id"])
    return Holder(kind, ref.id_type, ref.id, name, role)


def parse_holder_ref(value: object) -> HolderRef:
    """Read "001:320599198803070011" or {id_type, id}; Malformed `holder.form` or the number's own code."""
    if isinstance(value, str):
        id_type, colon, number = value.partition(":")
        if not colon:
            raise Malformed("holder.form")
        return _ref(id_type=id_type, number=number)
    fields = _fields(value, required=_PAIR)
    return _ref(id_type=fields["id_type"], number=fields["id"])


def same_person(ref: HolderRef, holder: Holder) -> bool:
    """Tell whether the parsed pair is this holder's; both sides were normalised when they were parsed."""
    return ref == holder.ref


def _ref(*, id_type: str, number: str) -> HolderRef:
    if not _ID_TYPE.fullmatch(id_type):
        raise Malformed("holder.id_type")
    if id_type == RESIDENT:
        return HolderRef(id_type, parse_resident_id(number).text)
    if id_type == ORGANISATION:
        return HolderRef(id_type, parse_uscc(number))
    if not _is_plain(number, longest=_LONGEST_ID):
        raise Malformed("holder.id")
    return HolderRef(id_type, number)


def _fields(value: object, *, required: frozenset[str], optional: frozenset[str] = frozenset()) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or value.keys() - optional != required:
        raise Malformed("holder.form")
    if not set(map(type, value.values())) <= {str}:
        raise Malformed("holder.form")
    return value


def _is_kind(kind: str) -> TypeGuard[Kind]:
    return kind in KINDS


def _is_plain(text: str, *, longest: int) -> bool:
    return 0 < len(text) <= longest and text == text.strip() and is_clean(text)
