"""What a face itself says about time: the last day that it shows, and elements that lapse before it does.

An inspection, an endorsement or a land-use term may end while the certificate goes on; whether that matters
is for the item to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ecert.domain.catalogue.terms import LONG_TERM, ElementRule
from ecert.domain.dates import parse_civil
from ecert.domain.errors import Malformed

if TYPE_CHECKING:
    from datetime import date

    from ecert.domain.catalogue.kinds import CertificateType

_DATE_IN_TEXT: Final = re.compile(r"([0-9]{4})(?:-|年)([0-9]{1,2})(?:-|月)([0-9]{1,2})")


def shown_last_day(kind: CertificateType, elements: Mapping[str, object]) -> date | None:
    """Give the last day that the face shows, None for 长期 or none; Malformed `date.*`."""
    shown = kind.validity.shown
    return None if shown is None or shown not in elements else _until(elements[shown])


def lapsed_elements(kind: CertificateType, elements: Mapping[str, object], *, on: date) -> tuple[str, ...]:
    """List the disclosed elements that lapsed before `on`, a list's entries as `KEY[0]`."""
    return tuple(
        path
        for rule in kind.validity.elements
        if rule.key in elements
        for path, last in _ends(rule, elements[rule.key])
        if last is not None and last < on
    )


def _ends(rule: ElementRule, value: object) -> Iterator[tuple[str, date | None]]:
    match rule.kind:
        case "valid_until":
            yield rule.key, _until(value)
        case "entries":
            yield from _ends_of_entries(rule, value)
        case "dates_in_text":
            yield rule.key, _latest_in(value)


def _ends_of_entries(rule: ElementRule, value: object) -> Iterator[tuple[str, date | None]]:
    if not isinstance(value, list):
        raise Malformed("element.type", rule.key)
    for place, entry in enumerate(value):
        # A presentation may hold back entries or fields; what is not shown is not judged.
        if isinstance(entry, Mapping) and rule.field in entry:
            yield f"{rule.key}[{place}]", _until(entry[rule.field])


def _until(value: object) -> date | None:
    last = value.get("to") if isinstance(value, Mapping) else value
    return None if last == LONG_TERM else parse_civil(last)


def _latest_in(value: object) -> date | None:
    if not isinstance(value, str):
        raise Malformed("element.type")
    found = (f"{year}-{month:0>2}-{day:0>2}" for year, month, day in _DATE_IN_TEXT.findall(value))
    return max((parse_civil(text) for text in found), default=None)
