"""What was expected and what came: the demonstration's only measure of itself, and its JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from ecert.app.demo.cases import Case
from verifier.findings import Outcome, Verdict
from verifier.report import Report

__all__ = ["NOT_RUN", "Expectation", "as_json", "codes_in", "judge", "not_run"]

NOT_RUN: Final = "not_run"

_AGAINST: Final = (Outcome.INVALID, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row's end. `got` is a verdict or NOT_RUN; a verdict given for another reason than the row's is not `held`."""

    name: str
    type: str | None
    region: str | None
    suite: str | None
    code: str | None
    expected: str
    got: str
    held: bool


def judge(case: Case, report: Report) -> Expectation:
    """Hold a report against its row: the verdict, and that it was given for the row's reason.

    Nothing else may speak against what is refused; beside what is accepted an older certificate may have lapsed.
    """
    is_reasoned = case.finding in codes_in(report)
    others = codes_in(report, against=True) - {case.finding} - case.also
    held = report.verdict is case.expect and is_reasoned and (case.expect is Verdict.ACCEPT or not others)
    return _expectation(case, got=report.verdict.value, held=held)


def not_run(case: Case) -> Expectation:
    """Note a row whose suite this process does not have; it is no expectation kept."""
    return _expectation(case, got=NOT_RUN, held=False)


def codes_in(report: Report, *, against: bool = False) -> set[str]:
    """Collect every finding's code, or only those that speak against accepting."""
    findings = [*report.findings, *(finding for each in report.certificates for finding in each.findings)]
    return {finding.code for finding in findings if finding.outcome in _AGAINST or not against}


def as_json(expectations: Sequence[Expectation]) -> dict[str, object]:
    """Give the whole result as the command prints it."""
    return {"expectations": [asdict(each) for each in expectations], "summary": dict(_summary(expectations))}


def _summary(expectations: Sequence[Expectation]) -> Iterator[tuple[str, int]]:
    got = Counter(each.got for each in expectations)
    yield "expectations", len(expectations)
    yield "held", sum(each.held for each in expectations)
    yield "missed", sum(not each.held and each.got != NOT_RUN for each in expectations)
    for verdict in ("accept", "refuse", "cannot_decide", NOT_RUN):
        yield verdict, got[verdict]


def _expectation(case: Case, *, got: str, held: bool) -> Expectation:
    code = case.code
    return Expectation(
        name=case.name,
        type=case.want.kind.code,
        region=str(case.want.region),
        suite=case.want.suite,
        code=None if code is None else code.code,
        expected=case.expect.value,
        got=got,
        held=held,
    )
