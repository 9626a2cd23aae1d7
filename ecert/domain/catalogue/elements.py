"""Reading the elements of a type and the code sets that they take their values from.

Patterns are of one small form (characters, classes and counts, with `|` between whole alternatives), so that
no release can hang or surprise a reader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, get_args

from ecert.domain.catalogue.kinds import CodeSet, Element, ElementType, Form, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecert.domain.reading import Table

_KEY: Final = re.compile(r"[A-Za-z]{1,20}")
_SIMPLE: Final = re.compile(r"(?:(?:[0-9A-Z.]|\[[0-9A-Z-]+\])(?:\{[0-9]{1,3}(?:,[0-9]{1,3})?\})?\|?)+")
_LONGEST_PATTERN: Final = 100


def parse_code_sets(table: Table) -> dict[str, CodeSet]:
    """Read {name: {pattern, note}}."""
    sets: dict[str, CodeSet] = {}
    for name in table.names():
        row = table.table(name)
        sets[name] = CodeSet(name, _pattern(row, row.take("pattern", str)), row.take("note", str))
        row.end()
    return sets


def parse_elements(parent: Table, key: str, code_sets: Mapping[str, CodeSet]) -> tuple[Element, ...]:
    """Read a type's elements or a list's fields: at least one, no key twice."""
    elements = tuple(_element(row, code_sets) for row in parent.tables(key))
    if not elements or len({element.key for element in elements}) != len(elements):
        raise parent.fault(f"has no {key}, or one key twice")
    return elements


def _element(row: Table, code_sets: Mapping[str, CodeSet]) -> Element:
    kind = row.choice("type", get_args(ElementType))
    form, pattern = row.may("form", str), row.may("pattern", str)
    element = Element(
        key=row.take("key", str),
        zh=row.take("zh", str),
        en=row.take("en", str),
        type=kind,
        sensitivity=row.choice("sensitivity", get_args(Sensitivity)),
        code_set=_code_set(row, code_sets) if kind == "code" else None,
        max=row.may_size("max"),
        length=row.may_size("length"),
        digits=row.may_size("digits"),
        places=row.may_size("places"),
        format=row.may("format", str),
        values=row.may("values", str),
        form=None if form is None else row.chosen(form, get_args(Form)),
        pattern=None if pattern is None else _pattern(row, pattern),
        mutable=row.may("mutable", bool) or False,
        long_term=row.may("long_term", bool) or False,
        open_end=row.may("open_end", bool) or False,
        fields=parse_elements(row, "fields", code_sets) if kind == "list" else (),
    )
    row.end()
    if not _KEY.fullmatch(element.key) or not _has_its_sizes(element):
        raise row.fault(f"{element.key[:20]} lacks what its type {kind} needs")
    return element


def _has_its_sizes(element: Element) -> bool:
    match element.type:
        case "text":
            return element.max is not None or element.length is not None
        case "integer":
            return element.digits is not None
        case "decimal":
            return element.digits is not None and element.places is not None and element.digits > element.places
        case "list":
            return all(field.type != "list" for field in element.fields)
        case "code" | "date" | "datetime" | "period" | "image":
            return True


def _code_set(row: Table, code_sets: Mapping[str, CodeSet]) -> CodeSet:
    return code_sets[row.choice("code_set", tuple(code_sets))]


def _pattern(row: Table, text: str) -> re.Pattern[str]:
    if len(text) > _LONGEST_PATTERN or not _SIMPLE.fullmatch(text):
        raise row.fault("has a pattern that is not of the simple form")
    try:
        return re.compile(text)
    except re.error:
        raise row.fault("has a pattern that does not compile") from None
