"""The report says what was seen, why, and what is missing, under names that never change."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import orjson
import pytest

from ecert.domain.errors import Malformed
from ecert.domain.items import by_item_code
from ecert.domain.reasons import REASONS
from ecert.domain.receipt import Container, format_container
from ecert.domain.redeem import Mutable
from tests.unit.verifier.build import CARD, ESTATE, LI, QUESTION, World
from tests.unit.verifier.home import HomeRegion, ask, entry, offline_code, shown
from verifier.findings import Verdict
from verifier.presentations import Asking, verify_file
from verifier.report import Report, report_on
from verifier.subject import Situation
from verifier.sufficiency import State, assess, overall
from verifier.verify import Judged
from verifier.wire import as_json

ASKING = Asking("310118", LI.ref)


def _report(world: World, *judged: Judged, item: str | None = None) -> Report:
    situation = Situation(world.replica, QUESTION, world.now)
    return report_on(judged, situation=situation, assurance="full", item=by_item_code(item) if item else None)


def test_the_names_are_frozen(world: World) -> None:
    wire = as_json(_report(world, world.judge(world.anchored()), item="EC-0001"))
    assert list(wire) == [
        "v", "verdict", "assurance", "time", "at", "known_at", "division", "reasons", "basis", "certificates",
        "findings", "sufficiency", "replica",
    ]  # fmt: skip
    (certificate,) = wire["certificates"]
    assert list(certificate) == [
        "verdict", "type", "licence_id", "division", "fingerprint", "dates", "authority", "holders", "elements",
        "mutable", "status_reason", "findings",
    ]  # fmt: skip
    assert list(certificate["findings"][0]) == ["check", "outcome", "code", "zh", "en", "evidence"]
    assert list(certificate["dates"]) == ["iat", "nbf", "exp", "first_day", "last_day"]
    assert list(wire["sufficiency"]) == [
        "item", "verdict", "complete", "assurance_too_low", "least_assurance", "needs",
    ]  # fmt: skip
    assert list(wire["reasons"][0]) == ["code", "zh", "en", "basis"]


def test_a_report_says_what_was_shown_and_on_what_law_it_rests(world: World) -> None:
    wire = as_json(_report(world, world.judge(world.anchored())))
    (certificate,) = wire["certificates"]
    assert wire["verdict"] == "accept"
    assert any("716" in article for article in wire["basis"])
    assert certificate["type"]["zh"] == "居民身份证"
    assert certificate["authority"]["name"] == "江苏示例局"
    assert certificate["elements"][0] == {"key": "XM", "zh": "姓名", "en": "name", "value": "李示例"}
    assert certificate["holders"][0]["id"] == LI.id
    assert wire["replica"] == {"block": world.replica.head.number, "time": world.time, "age": 30}


def test_a_report_of_any_outcome_is_json(world: World) -> None:
    code = offline_code(world, entry(world.anchored(), elements={"XM": b"\x00\x01", "QFJG": {1: [b"\xff"]}}))
    card = shown(world.anchored(), LJJF=Mutable(3, world.now - 60))
    for report in (
        ask(HomeRegion(world), code=code),
        ask(HomeRegion(world, (card,))),
        ask(HomeRegion(world), code="none"),
    ):
        assert orjson.loads(orjson.dumps(as_json(report)))["verdict"] in set(Verdict)
    mutable = as_json(ask(HomeRegion(world, (card,))))["certificates"][0]["mutable"]
    assert mutable == {"LJJF": {"value": 3, "at": world.now - 60, "age": 60}}


def test_what_is_missing_is_named_with_its_alternatives(world: World) -> None:
    sufficiency = assess(by_item_code("EC-0004"), [world.judge(world.anchored())])
    assert [need.state for need in sufficiency.needs] == [State.MET, State.MISSING]
    assert len(sufficiency.needs[0].any_of) == 2
    assert sufficiency.needs[0].not_shown == ("GMSFHM", "YXQJZRQ")
    assert sufficiency.verdict is Verdict.CANNOT_DECIDE
    assert not sufficiency.is_complete


def test_a_refused_certificate_is_harmless_where_another_meets_the_need(world: World) -> None:
    good, bad = (world.judge(issued) for issued in world.anchor(world.issue(), world.issue(index=9, exp=world.time)))
    estate = world.judge(world.anchored(kind=ESTATE))
    item = by_item_code("EC-0001")
    assert bad.verdict is Verdict.REFUSE
    assert assess(item, [bad, estate]).verdict is Verdict.REFUSE
    assert assess(item, [bad, good, estate]).verdict is Verdict.ACCEPT
    assert overall([bad, good, estate]) is Verdict.REFUSE


def test_what_an_item_does_not_ask_for_does_not_spoil_it(world: World) -> None:
    good, estate = (world.judge(each) for each in world.anchor(world.issue(), world.issue(kind=ESTATE, index=8)))
    unneeded = replace(estate, verdict=Verdict.REFUSE, subject=replace(estate.subject, kind=CARD))
    assert assess(by_item_code("EC-0001"), [good, estate, unneeded]).verdict is Verdict.ACCEPT


def test_what_may_follow_later_does_not_hold_the_case_up(world: World) -> None:
    item = replace(by_item_code("EC-0001"), follow_up=(ESTATE.code,))
    sufficiency = assess(item, [world.judge(world.anchored())])
    assert [need.state for need in sufficiency.needs] == [State.MET, State.FOLLOWS]
    assert sufficiency.is_complete
    assert sufficiency.verdict is Verdict.ACCEPT


def test_no_certificates_are_never_enough(world: World) -> None:
    assert overall([]) is Verdict.CANNOT_DECIDE
    assert _report(world, item="EC-0001").verdict is Verdict.CANNOT_DECIDE


def test_a_file_is_a_container_or_a_bare_certificate(world: World) -> None:
    issued = world.anchored()
    container = format_container(Container(str(issued.sd_jwt), issued.receipt))
    verdicts = {
        container: Verdict.ACCEPT,
        str(issued.sd_jwt).encode(): Verdict.CANNOT_DECIDE,
        b'{"v": 2}': Verdict.REFUSE,
        b"": Verdict.REFUSE,
        b"\xff\x00": Verdict.REFUSE,
    }
    for data, verdict in verdicts.items():
        assert verify_file(data, asking=ASKING, replica=world.replica, now=world.now).verdict is verdict


def test_the_future_cannot_be_asked_about(world: World) -> None:
    for asking in (replace(ASKING, at=world.now + 6), replace(ASKING, known_at=world.now + 6)):
        with pytest.raises(Malformed, match=r"^question\.future\b"):
            verify_file(b"", asking=asking, replica=world.replica, now=world.now)


_CODE = re.compile(
    r'"((?:code|holder|form|key|signature|authority|anchor|status|validity|recognition|replica|home|item|assurance|attested|not|desk_receipt|question)\.[a-z_]+)"'
)


def test_every_code_of_the_room_has_its_sentences() -> None:
    room = Path(__file__).parents[3] / "verifier"
    used = {code for path in room.rglob("*.py") for code in _CODE.findall(path.read_text("utf-8"))}
    used.discard("recognition.toml")
    assert len(used) > 60
    assert used <= REASONS.keys()


def test_two_verdicts_never_say_the_same(world: World) -> None:
    issued = world.anchored()
    verdicts = {world.judge(issued, now=world.time + later).verdict for later in (0, 400)}
    world.status(7, 1)
    verdicts.add(world.judge(issued).verdict)
    assert verdicts == set(Verdict)
    assert all(a == b or a.value != b.value for a, b in product(Verdict, Verdict))
