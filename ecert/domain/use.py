"""Every showing names what it is for: the five elements of use (用证五要素), purpose, device and legal basis.

The wire names of the five are those that regional terminals already send (orgName, username, itemName,
itemCode, businessCode); they stand here once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeGuard

import orjson

from ecert.domain.errors import Malformed
from ecert.domain.ids import parse_division
from ecert.domain.text import is_clean

LegalBasis = Literal["duty", "consent"]
LEGAL_BASES: Final[Mapping[LegalBasis, tuple[str, str]]] = {
    "duty": ("履行法定职责", "statutory duty"),
    "consent": ("个人同意", "consent"),
}
"""On what footing certificates are looked at, in Chinese and English."""

WIRE_NAMES: Final[Mapping[str, str]] = {
    "organisation": "orgName",
    "operator": "username",
    "item_name": "itemName",
    "item_code": "itemCode",
    "case_number": "businessCode",
    "purpose": "purpose",
    "device": "device",
    "division": "division",
    "legal_basis": "legalBasis",
}
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Use:
    """One use: who looks, for which item and case, why, on which device, in which division, on what basis."""

    organisation: str
    operator: str
    item_name: str
    item_code: str
    case_number: str
    purpose: str
    device: str
    division: str
    legal_basis: LegalBasis

    def wire(self) -> dict[str, str]:
        """Give the wire object that `parse_use` reads."""
        return {WIRE_NAMES[each.name]: getattr(self, each.name) for each in fields(self)}


def parse_use(value: object) -> Use:
    """Read the wire object, every name present; Malformed `use.form`, `use.legal_basis`, `division.form`."""
    if not isinstance(value, Mapping) or value.keys() != set(WIRE_NAMES.values()):
        raise Malformed("use.form", "a name is missing or unknown")
    texts = {name: _text(value[wire]) for name, wire in WIRE_NAMES.items()}
    legal_basis = texts.pop("legal_basis")
    if not _is_legal_basis(legal_basis):
        raise Malformed("use.legal_basis")
    division = parse_division(texts.pop("division"))
    return Use(**texts, division=division, legal_basis=legal_basis)


def use_hash(use: Use) -> bytes:
    """Digest a use, 32 bytes: SHA-256 over its canonical JSON (RFC 8785)."""
    return hashlib.sha256(orjson.dumps(use.wire(), option=orjson.OPT_SORT_KEYS)).digest()


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.strip() or not is_clean(value):
        raise Malformed("use.form", f"a text of at most {_LONGEST} characters is expected")
    return value


def _is_legal_basis(text: str) -> TypeGuard[LegalBasis]:
    return text in LEGAL_BASES
