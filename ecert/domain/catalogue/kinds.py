"""What the catalogue says of a certificate type, as values; the types themselves are rows of catalogue.toml.

The words follow GB/T 36903 (licence information) and the provinces' dictionaries; docs/spec/catalogue.md
tells each field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ecert.domain.errors import NotFound

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from ecert.domain.catalogue.terms import ValidityRule
    from ecert.domain.holders import Kind

ElementType = Literal["text", "code", "date", "datetime", "integer", "decimal", "period", "image", "list"]
Sensitivity = Literal["public", "personal", "sensitive"]
Form = Literal["resident_id", "uscc"]


@dataclass(frozen=True, slots=True)
class CodeSet:
    """The codes that an element may take: a national standard's, or the project's free codes."""

    name: str
    pattern: re.Pattern[str]
    note: str


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a face (照面要素), or a field of a list's entries; sizes in characters or digits."""

    key: str
    zh: str
    en: str
    type: ElementType
    sensitivity: Sensitivity
    code_set: CodeSet | None = None
    max: int | None = None
    length: int | None = None
    digits: int | None = None
    places: int | None = None
    format: str | None = None
    values: str | None = None
    form: Form | None = None
    pattern: re.Pattern[str] | None = None
    mutable: bool = False
    long_term: bool = False
    open_end: bool = False
    fields: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateType:
    """One type; `freshness` is the replica's greatest age in seconds at which its status may be relied on."""

    no: int
    code: str
    placeholder: bool
    zh: str
    en: str
    holder_kinds: frozenset[Kind]
    authority: str
    validity: ValidityRule
    validity_text: str
    freshness: int
    sensitive_because: str | None
    evidence: str
    elements: tuple[Element, ...]
    local_names: Mapping[str, tuple[str, ...]] = field(hash=False)

    def element(self, key: str) -> Element:
        """Find an element by its key; NotFound `element.unknown`."""
        for element in self.elements:
            if element.key == key:
                return element
        raise NotFound("element.unknown", key)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A release: `sha256` is of its bytes, `names` maps (region or "delta", name) to a type's code."""

    version: int
    sha256: bytes
    types: tuple[CertificateType, ...]
    codes: Mapping[str, CertificateType] = field(hash=False, repr=False)
    names: Mapping[tuple[str, str], str] = field(hash=False, repr=False)

    @property
    def strictest(self) -> int:
        """The least freshness of any type, seconds."""
        return min(kind.freshness for kind in self.types)

    @property
    def most_patient(self) -> int:
        """The greatest freshness of any type, seconds."""
        return max(kind.freshness for kind in self.types)

    def by_code(self, code: str) -> CertificateType:
        """Find a type by its 21-character code; NotFound `type.unknown`."""
        try:
            return self.codes[code]
        except KeyError:
            raise NotFound("type.unknown") from None

    def by_no(self, no: int) -> CertificateType:
        """Find a type by its number in the catalogue, from 1; NotFound `type.unknown`."""
        if not 1 <= no <= len(self.types):
            raise NotFound("type.unknown", str(no)[:40])
        return self.types[no - 1]

    def by_local_name(self, *, region: str, name: str) -> CertificateType:
        """Find what a province calls `name`: its own names, then the delta's; NotFound `type.unknown`."""
        code = self.names.get((region, name)) or self.names.get(("delta", name))
        if code is None:
            raise NotFound("type.unknown")
        return self.codes[code]
