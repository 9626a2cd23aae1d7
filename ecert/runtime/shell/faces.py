"""A certificate's elements as rows that a page can show, named in both languages; lists are entries of rows.

The citizen's page and the clerk's use the same rows. What is shown may be forged: nothing is taken to be of its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ecert.domain.holders import ID_TYPES

if TYPE_CHECKING:
    from ecert.domain.catalogue import CertificateType, Element

__all__ = ["Row", "face_rows"]

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_MEANINGS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "holder code type": ID_TYPES,
    "GB/T 2261.1": {"1": ("男", "male"), "2": ("女", "female")},
    "GB/T 2659": {"CHN": ("中国", "China")},
    "GB/T 3304": {"HA": ("汉族", "Han")},
}
"""Codes that people read most, by the code set of the catalogue; another code is shown as it stands."""

_PICTURES: Final = {"iVBORw0KGgo": "image/png", "/9j/": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Row:
    """One element: its name, and its value as a text, as a picture's data URL, or as entries of rows.

    `meaning` is what a text that is a code stands for, by language, where the house knows it.
    """

    zh: str
    en: str
    text: str = field(default="", repr=False)
    meaning: Mapping[str, str] | None = field(default=None, repr=False)
    picture: str | None = field(default=None, repr=False)
    entries: tuple[tuple[Row, ...], ...] = field(default=(), repr=False)


def face_rows(kind: CertificateType, elements: Mapping[str, object]) -> tuple[Row, ...]:
    """Give the disclosed elements of a type in the catalogue's order."""
    return _rows(kind.elements, elements)


def _rows(known: Iterable[Element], values: Mapping[str, object]) -> tuple[Row, ...]:
    return tuple(_row(element, values[element.key]) for element in known if element.key in values)


def _row(element: Element, value: object) -> Row:
    match value:
        case list():
            entries = (each if isinstance(each, Mapping) else {} for each in value)
            return Row(element.zh, element.en, entries=tuple(_rows(element.fields, each) for each in entries))
        case str() if element.type == "image":
            return Row(element.zh, element.en, picture=_picture(value))
        case {"from": begun, "to": ended}:
            return Row(element.zh, element.en, f"{begun} – {ended}")
        case _:
            return Row(element.zh, element.en, str(value), _meaning(element, str(value)))


def _meaning(element: Element, code: str) -> Mapping[str, str] | None:
    names = _MEANINGS.get(element.code_set.name, {}).get(code) if element.code_set else None
    return None if names is None else {"zh": names[0], "en": names[1]}


def _picture(text: str) -> str | None:
    for beginning, media_type in _PICTURES.items():
        if text.startswith(beginning) and _BASE64.fullmatch(text):
            return f"data:{media_type};base64,{text}"
    return None
