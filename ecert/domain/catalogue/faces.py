"""A face is checked against the catalogue once, before it is signed: no reader meets a date that is none.

Values are JSON: text, codes, dates ("YYYY-MM-DD" or 长期) and decimals as strings, datetimes RFC 3339,
integers as numbers, periods {"from", "to"}, images as base64 text or {"media_type", "sha256"}, lists as lists
of objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ecert.domain.catalogue.terms import LONG_TERM
from ecert.domain.dates import parse_civil, parse_instant
from ecert.domain.errors import Malformed
from ecert.domain.ids import parse_resident_id, parse_uscc
from ecert.domain.text import are_clean_lines, is_clean

if TYPE_CHECKING:
    from ecert.domain.catalogue.kinds import CertificateType, Element

LARGEST_IMAGE: Final = 64 * 1024
"""Characters of base64 that an image inside a face may have."""

LONGEST_LIST: Final = 200
"""Entries that a list may have."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_KEY: Final = re.compile(r"[A-Z][A-Z0-9]{0,15}")
_MEDIA_TYPES: Final = ("image/jpeg", "image/png")


def check_elements(kind: CertificateType, elements: Mapping[str, object]) -> dict[str, object]:
    """Check the elements that are to be signed, return them in the catalogue's order; Malformed `element.*`.

    A mutable element is refused (`element.mutable`): it changes too often to be signed and stays at home.
    """
    return _check(kind.elements, elements, mutable=False)


def check_mutable(kind: CertificateType, elements: Mapping[str, object]) -> dict[str, object]:
    """Check the mutable elements that are kept at home and never signed; `element.not_mutable` for others."""
    return _check(kind.elements, elements, mutable=True)


def _check(known: tuple[Element, ...], given: object, *, mutable: bool) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise Malformed("element.type")
    by_key = {element.key: element for element in known}
    for key in given:
        if key not in by_key:
            raise Malformed("element.unknown", key if _is_plain_key(key) else "")
        if by_key[key].mutable is not mutable:
            raise Malformed("element.not_mutable" if mutable else "element.mutable", key)
    return {key: _value(element, given[key]) for key, element in by_key.items() if key in given}


def _is_plain_key(key: object) -> bool:
    """Tell whether a key may be repeated in an answer: what else stands there may be a person's."""
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def _value(element: Element, value: object) -> object:
    checked: object
    match element.type:
        case "text":
            checked = _text(element, value)
        case "code":
            checked = _code(element, value)
        case "date":
            checked = _date(element, value, may_be_open=element.long_term)
        case "datetime":
            checked = _datetime(element, value)
        case "integer":
            checked = _integer(element, value)
        case "decimal":
            checked = _decimal(element, value)
        case "period":
            checked = _period(element, value)
        case "image":
            checked = _image(element, value)
        case "list":
            checked = _list(element, value)
    return checked


def _text(element: Element, value: object) -> str:
    if not isinstance(value, str) or not value or not are_clean_lines(value):
        raise Malformed("element.type", element.key)
    right_length = len(value) == element.length if element.length else len(value) <= (element.max or 0)
    if not right_length:
        raise Malformed("element.length", element.key)
    if element.pattern is not None and not element.pattern.fullmatch(value):
        raise Malformed("element.format", element.key)
    match element.form:
        case "resident_id":
            return parse_resident_id(value).text
        case "uscc":
            return parse_uscc(value)
        case None:
            return value


def _code(element: Element, value: object) -> str:
    known = element.code_set
    if not isinstance(value, str) or known is None or not known.pattern.fullmatch(value) or not is_clean(value):
        raise Malformed("element.code", element.key)
    return value


def _date(element: Element, value: object, *, may_be_open: bool) -> str:
    if may_be_open and value == LONG_TERM:
        return LONG_TERM
    try:
        return parse_civil(value).isoformat()
    except Malformed as fault:
        raise Malformed("element.date", element.key) from fault


def _datetime(element: Element, value: object) -> str:
    if not isinstance(value, str) or "T" not in value:
        raise Malformed("element.date", element.key)
    try:
        parse_instant(value)
    except Malformed as fault:
        raise Malformed("element.date", element.key) from fault
    return value


def _integer(element: Element, value: object) -> int:
    if type(value) is not int:
        raise Malformed("element.type", element.key)
    if not 0 <= value < 10 ** (element.digits or 0):
        raise Malformed("element.length", element.key)
    return value


def _decimal(element: Element, value: object) -> str:
    whole = (element.digits or 0) - (element.places or 0)
    form = rf"[0-9]{{1,{whole}}}(?:\.[0-9]{{1,{element.places}}})?"
    if not isinstance(value, str) or not re.fullmatch(form, value):
        raise Malformed("element.format", element.key)
    return value


def _period(element: Element, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or value.keys() != {"from", "to"}:
        raise Malformed("element.type", element.key)
    first = _date(element, value["from"], may_be_open=False)
    last = _date(element, value["to"], may_be_open=element.open_end or element.long_term)
    if last < first:  # ISO dates sort as text, and 长期 sorts after every date
        raise Malformed("validity.order", element.key)
    return {"from": first, "to": last}


def _image(element: Element, value: object) -> object:
    if isinstance(value, str):
        if len(value) > LARGEST_IMAGE:
            raise Malformed("element.length", element.key)
        if not _BASE64.fullmatch(value):
            raise Malformed("element.type", element.key)
        return value
    if not isinstance(value, Mapping) or value.keys() != {"media_type", "sha256"}:
        raise Malformed("element.type", element.key)
    digest = value["sha256"]
    if value["media_type"] not in _MEDIA_TYPES or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise Malformed("element.format", element.key)
    return dict(value)


def _list(element: Element, value: object) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise Malformed("element.type", element.key)
    if len(value) > LONGEST_LIST:
        raise Malformed("element.length", element.key)
    return [_check(element.fields, entry, mutable=False) for entry in value]
