"""Reading a type's validity rule, and seeing that the elements it speaks of exist and can carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from ecert.domain.catalogue.terms import (
    ByAge,
    Closes,
    ElementRule,
    Lapse,
    LongTerm,
    OnFace,
    Steps,
    Term,
    ValidityRule,
    Years,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecert.domain.catalogue.kinds import Element
    from ecert.domain.reading import Table

_Word = Literal["by_age", "years", "steps", "long_term", "on_face"]
_DATED: Final = ("date", "period")


def parse_rule(row: Table, elements: Sequence[Element]) -> ValidityRule:
    """Read {term, ...} of a type with these elements; the list's Malformed."""
    by_key = {element.key: element for element in elements}
    shown = row.may("shown", str)
    if shown is not None and (shown not in by_key or by_key[shown].type not in _DATED):
        raise row.fault("is shown by an element that carries no last day")
    rule = ValidityRule(
        term=_term(row),
        closes=row.choice("closes", get_args(Closes)),
        shown=shown,
        elements=tuple(_element_rule(part, by_key) for part in row.tables("elements")),
        ends_with=row.may("ends_with", str),
        renewed_by=row.may("renewed_by", str),
        review_years=row.may_size("review_years"),
        review_months=row.each("review_months", int),
        note=row.may("note", str),
    )
    row.end()
    return rule


def _term(row: Table) -> Term:
    word: _Word = row.choice("term", get_args(_Word))
    match word:
        case "by_age":
            return ByAge(tuple(_age(part) for part in row.tables("ages")), row.may_size("then"))
        case "years":
            return Years(row.size("years"))
        case "steps":
            return Steps(tuple(_step(part) for part in row.tables("steps")))
        case "long_term":
            return LongTerm()
        case "on_face":
            return OnFace(row.may_size("max_years"))


def _age(part: Table) -> tuple[int, int]:
    age = part.size("below"), part.size("years")
    part.end()
    return age


def _step(part: Table) -> int:
    years = part.size("years")
    part.end()
    return years


def _element_rule(row: Table, by_key: dict[str, Element]) -> ElementRule:
    key, field = row.choice("key", tuple(by_key)), row.may("field", str)
    rule = ElementRule(key, row.choice("kind", get_args(Lapse)), field)
    row.end()
    if not _carries(rule, by_key[key]):
        raise row.fault("speaks of an element that cannot lapse that way")
    return rule


def _carries(rule: ElementRule, element: Element) -> bool:
    match rule.kind:
        case "valid_until":
            return element.type in _DATED and rule.field is None
        case "entries":
            return any(part.key == rule.field and part.type in _DATED for part in element.fields)
        case "dates_in_text":
            return element.type == "text" and rule.field is None
