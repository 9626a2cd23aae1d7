from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any

from ecert.app.demo.cases import CASES
from ecert.app.demo.founding import issuing_suites
from ecert.app.demo.stories import STORIES
from ecert.domain.catalogue import CATALOGUE

if TYPE_CHECKING:
    from tests.demonstration import Demonstration

HAS_SM2 = "SM2-SM3" in issuing_suites()
EXIT = 0 if HAS_SM2 else 3
TEXTS = ("name", "expected", "got")
NULLABLE = ("type", "region", "suite", "code")
VERDICTS = {"accept", "refuse", "cannot_decide"}


def test_every_expectation_held_the_first_time(demonstration: Demonstration) -> None:
    missed = [row for row in rows(demonstration) if not row["held"] and row["got"] != "not_run"]

    assert missed == []
    assert demonstration.first.code == EXIT, demonstration.first.err[-2000:]


def test_the_json_is_as_it_is_promised(demonstration: Demonstration) -> None:
    result = demonstration.first.result

    assert set(result) == {"expectations", "summary"}
    for row in result["expectations"]:
        assert set(row) == {*TEXTS, *NULLABLE, "held"}
        assert all(type(row[name]) is str for name in TEXTS)
        assert all(row[name] is None or type(row[name]) is str for name in NULLABLE)
        assert type(row["held"]) is bool
        assert row["expected"] in VERDICTS
        assert row["got"] in VERDICTS | {"not_run"}
    assert [row["name"] for row in result["expectations"]] == [
        *(story.name for story in STORIES),
        *(case.name for case in CASES),
    ]


def test_the_summary_counts_the_rows(demonstration: Demonstration) -> None:
    every, got = rows(demonstration), Counter(row["got"] for row in rows(demonstration))

    assert demonstration.first.result["summary"] == {
        "expectations": len(every),
        "held": sum(row["held"] for row in every),
        "missed": 0,
        "accept": got["accept"],
        "refuse": got["refuse"],
        "cannot_decide": got["cannot_decide"],
        "not_run": got["not_run"],
    }


def test_every_type_was_accepted_in_every_suite_that_there_is(demonstration: Demonstration) -> None:
    shown = {(row["type"], row["suite"]) for row in accepted(demonstration)}

    assert shown >= {(kind.code, suite) for kind in CATALOGUE.types for suite in issuing_suites()}
    assert len(accepted(demonstration)) >= len(CATALOGUE.types) * len(issuing_suites())


def test_every_code_and_every_ordered_pair_of_regions_occurred(demonstration: Demonstration) -> None:
    held = {row["name"] for row in accepted(demonstration)}
    cases = [case for case in CASES if case.name in held]

    assert {(case.want.region, case.accept) for case in cases} == set(permutations((31, 32, 33, 34), 2))
    assert {row["code"] for row in accepted(demonstration)} >= {"suishenma", "sufuma", "zheliban", "ankangma"}


def test_where_sm2_is_missing_its_rows_are_not_run_and_that_is_said_first(demonstration: Demonstration) -> None:
    unrun = {row["name"] for row in rows(demonstration) if row["got"] == "not_run"}
    first = demonstration.second.out.splitlines()[0]

    assert unrun == (set() if HAS_SM2 else {case.name for case in CASES if case.want.suite == "SM2-SM3"})
    assert ("仅供演示" if HAS_SM2 else "不支持 SM2") in first


def test_it_works_a_second_time_on_the_same_home(demonstration: Demonstration) -> None:
    out = demonstration.second.out

    assert demonstration.second.code == EXIT, out[-2000:]
    assert "✗" not in out
    assert all(case.name in out for case in CASES)
    assert all(line in out for story in STORIES for line in story.lines())


def rows(demonstration: Demonstration) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = demonstration.first.result["expectations"]
    return found


def accepted(demonstration: Demonstration) -> list[dict[str, Any]]:
    return [row for row in rows(demonstration) if row["held"] and row["got"] == "accept"]
