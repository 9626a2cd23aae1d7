"""A validity rule is read from a small table: each term, each part, and what an element can carry."""

from __future__ import annotations

import pytest

from ecert.domain.catalogue.kinds import Element
from ecert.domain.catalogue.rules import parse_rule
from ecert.domain.catalogue.terms import ByAge, ElementRule, LongTerm, OnFace, Steps, ValidityRule, Years
from ecert.domain.errors import Malformed
from ecert.domain.reading import Table


def element(key: str, kind: str, *fields: Element) -> Element:
    return Element(key=key, zh=key, en=key, type=kind, sensitivity="public", fields=fields)


ELEMENTS = (
    element("NAME", "text"),
    element("LAST", "date"),
    element("TERM", "period"),
    element("SEEN", "datetime"),
    element("ROWS", "list", element("NAME", "text"), element("UNTIL", "date"), element("SPAN", "period")),
)
LONG = {"term": "long_term", "closes": "same_day"}


def read(given: dict[str, object]) -> ValidityRule:
    return parse_rule(Table(given, code="list.form", where="rule"), ELEMENTS)


def refused(given: dict[str, object], where: str = "rule") -> bool:
    with pytest.raises(Malformed) as caught:
        read(given)
    assert caught.value.detail.startswith(f"{where} ")
    return caught.value.code == "list.form"


@pytest.mark.parametrize(
    ("given", "term"),
    [
        ({"term": "long_term"}, LongTerm()),
        ({"term": "years", "years": 5}, Years(5)),
        ({"term": "steps", "steps": [{"years": 6}, {"years": 10}]}, Steps((6, 10))),
        ({"term": "by_age", "ages": [{"below": 16, "years": 5}], "then": 10}, ByAge(((16, 5),), 10)),
        (
            {"term": "by_age", "ages": [{"below": 16, "years": 5}, {"below": 26, "years": 9}]},
            ByAge(((16, 5), (26, 9)), None),
        ),
        ({"term": "on_face", "max_years": 5}, OnFace(5)),
        ({"term": "on_face"}, OnFace(None)),
    ],
)
def test_each_term_is_read(given: dict[str, object], term: object) -> None:
    assert read({**given, "closes": "day_before"}) == ValidityRule(term, "day_before")
    assert refused({**given, "closes": "day_before", "stranger": 1})
    assert refused(given)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"term": "stairs"}, "rule"),
        ({"term": "years"}, "rule"),
        ({"term": "steps", "steps": [{"years": 6}, {"years": 6, "x": 1}]}, "rule.steps[1]"),
        ({"term": "by_age", "ages": [{"below": 16, "years": 5, "x": 1}]}, "rule.ages[0]"),
        ({"term": "by_age", "ages": [{"years": 5}]}, "rule.ages[0]"),
        ({"term": "long_term", "closes": "never"}, "rule"),
    ],
)
def test_a_term_s_fault_is_told_in_its_place(given: dict[str, object], where: str) -> None:
    assert refused({"closes": "same_day", **given}, where)


def test_every_other_part_is_read() -> None:
    parts = {
        "shown": "LAST",
        "elements": [{"key": "LAST", "kind": "valid_until"}],
        "ends_with": "death",
        "renewed_by": "stamp",
        "review_years": 3,
        "review_months": [6, 12],
        "note": "a note",
    }
    assert read(LONG | parts) == ValidityRule(
        LongTerm(),
        closes="same_day",
        shown="LAST",
        elements=(ElementRule("LAST", "valid_until"),),
        ends_with="death",
        renewed_by="stamp",
        review_years=3,
        review_months=(6, 12),
        note="a note",
    )
    for wrong in ({"ends_with": 1}, {"renewed_by": 1}, {"review_years": 0}, {"review_months": ["6"]}, {"note": 1}):
        assert refused(LONG | wrong)


@pytest.mark.parametrize(
    ("key", "shows"), [("LAST", True), ("TERM", True), ("NAME", False), ("SEEN", False), ("NO", False)]
)
def test_a_last_day_is_shown_by_what_carries_one(key: str, *, shows: bool) -> None:
    if shows:
        assert read(LONG | {"shown": key}).shown == key
    else:
        assert refused(LONG | {"shown": key})


@pytest.mark.parametrize(
    ("rule", "carries"),
    [
        (ElementRule("LAST", "valid_until"), True),
        (ElementRule("TERM", "valid_until"), True),
        (ElementRule("NAME", "valid_until"), False),
        (ElementRule("LAST", "valid_until", "UNTIL"), False),
        (ElementRule("ROWS", "entries", "UNTIL"), True),
        (ElementRule("ROWS", "entries", "SPAN"), True),
        (ElementRule("ROWS", "entries", "NAME"), False),
        (ElementRule("ROWS", "entries", "NO"), False),
        (ElementRule("ROWS", "entries"), False),
        (ElementRule("LAST", "entries", "UNTIL"), False),
        (ElementRule("NAME", "dates_in_text"), True),
        (ElementRule("NAME", "dates_in_text", "UNTIL"), False),
        (ElementRule("LAST", "dates_in_text"), False),
    ],
)
def test_an_element_lapses_only_as_it_can(rule: ElementRule, *, carries: bool) -> None:
    row = {"key": rule.key, "kind": rule.kind} | ({} if rule.field is None else {"field": rule.field})
    if carries:
        assert read(LONG | {"elements": [row]}).elements == (rule,)
        assert refused(LONG | {"elements": [row, row | {"x": 1}]}, "rule.elements[1]")
    else:
        assert refused(LONG | {"elements": [row]}, "rule.elements[0]")


@pytest.mark.parametrize(
    "row", [{"key": "NO", "kind": "valid_until"}, {"key": "LAST", "kind": "never"}, {"key": "LAST"}]
)
def test_a_rule_names_an_element_and_a_way(row: dict[str, str]) -> None:
    assert refused(LONG | {"elements": [row]}, "rule.elements[0]")
