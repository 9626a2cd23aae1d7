"""The screen's words: an outage, a person not named, too little assurance and something missing are four things."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecert.domain.catalogue import by_no
from ecert.domain.errors import Unavailable
from tests.unit.verifier.build import LI, World
from tests.unit.verifier.home import HomeRegion, ask, entry, offline_code, shown
from verifier.findings import Group, invalid
from verifier.result import _unrecognised, explanation_of, is_away, needs_of


def test_each_cause_has_a_sentence_of_its_own(world: World) -> None:
    card = world.anchored()
    code = offline_code(world, entry(card))
    away = HomeRegion(world, failure=Unavailable("gateway.slow"))
    reports = {
        "系统暂时无法核验": ask(away),
        "请先核实出示人身份": ask(HomeRegion(world), code=code),
        "此事项要求更高的核验方式": ask(HomeRegion(world), code=code, holder=LI.ref),
        "材料还不齐": ask(HomeRegion(world, (shown(card),))),
    }

    assert {words: words in explanation_of(report)["zh"] for words, report in reports.items()} == dict.fromkeys(
        reports, True
    )
    assert [is_away(report) for report in reports.values()] == [True, False, False, False]


def test_elements_that_were_not_shown_have_names(world: World) -> None:
    card = world.anchored()
    report = ask(HomeRegion(world), code=offline_code(world, entry(card)), holder=LI.ref)
    names = [[element.zh for element in absent] for _, absent in needs_of(report)]

    assert report.sufficiency is not None
    assert [len(need.not_shown) for need in report.sufficiency.needs] == [len(each) for each in names]
    assert "有效期截止日期" in names[0]


@pytest.mark.parametrize(
    ("issuing", "type_no", "said"),
    [("320509", 5, "居住证只证明在签发地居住，在本地不产生居住证权益"), ("310115", 5, None), ("320509", 1, None)],
)
def test_a_reason_is_given_for_what_the_first_matrix_leaves_to_others(
    world: World, issuing: str, type_no: int, said: str | None
) -> None:
    (judged,) = ask(HomeRegion(world, (shown(world.anchored()),))).certificates
    assert judged.subject is not None
    assert _unrecognised(judged, judged.subject) is None

    no = invalid(Group.RECOGNITION, "recognition.no", accepting="310118", issuing=issuing)
    told = _unrecognised(replace(judged, findings=(no,)), replace(judged.subject, kind=by_no(type_no)))
    assert (told and told["zh"]) == said
