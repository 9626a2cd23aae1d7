"""The order of the demonstration: everything that can share a block does, so that it ends within a minute and a half.

(1) The consortium is founded. (2) Certificates are issued and forged ones signed; all are anchored. (3) The stories and
most rows are shown. (4) Some are revoked, suspended, superseded; one key is declared stolen, and signs once more.
(5) The rest is shown, with one certificate issued so late that it is not anchored yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.cases import CASES, Case
from ecert.app.demo.expectations import Expectation, codes_in, judge, not_run
from ecert.app.demo.forging import FORGED, Forger
from ecert.app.demo.founding import bootstrap_delta, issuing_suites
from ecert.app.demo.stock import Stock
from ecert.app.demo.stories import STORIES
from ecert.app.demo.telling import Teller, table
from ecert.app.demo.twists import CHANGED, Stage, show
from ecert.domain.errors import EcertError

__all__ = ["perform"]

_LATE: Final = {"robbed_before", "robbed_after", "not_anchored", *CHANGED}
"""Twists that are shown in the second half."""


@dataclass(frozen=True, slots=True)
class _Course:
    stage: Stage
    teller: Teller
    cases: tuple[Case, ...]

    def of(self, is_wanted: Callable[[Case], bool]) -> list[Case]:
        return [case for case in self.cases if is_wanted(case)]

    def show(self, cases: Iterable[Case]) -> dict[str, Expectation]:
        shown = {}
        for case in cases:
            shown[case.name] = self._judge(case)
            self.teller.row(shown[case.name])
        return shown

    def _judge(self, case: Case) -> Expectation:
        try:
            report = show(self.stage, case)
        except EcertError as fault:
            self.teller.step(f"{case.name} 出错", f"failed: {fault.code} {fault.detail}")
            return replace(not_run(case), got="cannot_decide")
        expectation = judge(case, report)
        if not expectation.held:
            self.teller.step(f"{case.name} 不符", f"not as expected: {', '.join(sorted(codes_in(report)))}")
        return expectation


def perform(delta: Delta, teller: Teller) -> tuple[Expectation, ...]:
    """Play the whole demonstration and tell it; return every expectation, in the stories' and the table's order."""
    available = issuing_suites()
    cases = tuple(case for case in CASES if case.want.suite in available)
    course = _Course(Stage(delta, Stock(delta), Forger(delta)), teller, cases)
    teller.rows = len(cases)
    teller.step("联盟链：登记机构、密钥、互认", "the chain: authorities, keys, recognitions")
    bootstrap_delta(delta)
    _issue(course)
    stories = _tell(course)
    shown = course.show(course.of(lambda case: case.twist not in _LATE))
    _change(course)
    shown |= course.show(course.of(lambda case: case.twist in _LATE))
    delta.settle()
    every = tuple((case, shown.get(case.name) or not_run(case)) for case in CASES)
    teller.say("", *table(every), "")
    return (*stories, *(expectation for _, expectation in every))


def _issue(course: _Course) -> None:
    stage = course.stage
    course.teller.step("颁发证照并上链", "issuing certificates and anchoring them")
    stage.forger.appoint()
    wants = [want for story in STORIES for want in story.wants]
    stage.stock.fill(course.of(lambda case: case.twist not in {*FORGED, "not_anchored"}), wants)
    for case in course.of(lambda case: case.twist in FORGED and case.twist != "robbed_before"):
        stage.forger.forge(case)
    stage.delta.settle()


def _tell(course: _Course) -> list[Expectation]:
    told = []
    for story in STORIES:
        course.teller.say("", *story.lines())
        expectation, seen = story.play(course.stage.delta)
        course.teller.say(*(f"    {line}" for line in seen))
        told.append(expectation)
    return told


def _change(course: _Course) -> None:
    stage = course.stage
    course.teller.step("注销、暂停、换发，声明密钥泄露", "revoking, suspending, renewing; a key is declared stolen")
    for case in course.of(lambda case: case.twist in CHANGED):
        stage.stock.change(case)
    stage.forger.rob()
    for case in course.of(lambda case: case.twist == "robbed_before"):
        stage.forger.forge(case)
    stage.delta.settle()
    stage.stock.fill(course.of(lambda case: case.twist == "not_anchored"))
