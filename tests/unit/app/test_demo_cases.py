from __future__ import annotations

from collections import Counter
from itertools import permutations, product

from ecert.app.demo.cases import CASES, Case, item_for
from ecert.app.demo.forging import FORGED
from ecert.app.demo.stories import STORIES
from ecert.app.demo.twists import CHANGED, TWISTS
from ecert.domain.reasons import REASONS
from verifier.findings import Verdict
from verifier.recognition import cells

REGIONS = (31, 32, 33, 34)
PLAIN = [case for case in CASES if case.name.startswith("type-") and case.twist == "none"]
ELSEWHERE = {"none", "before_change", "expired", "not_yet", "not_anchored", "not_recognised"}
"""Twists that lie in what was issued, or in nothing at all."""


def test_every_type_is_accepted_in_both_suites() -> None:
    shown = {(case.want.type_no, case.want.suite) for case in PLAIN}

    assert shown == set(product(range(1, 38), ("ES256", "SM2-SM3")))
    assert {case.expect for case in PLAIN} == {Verdict.ACCEPT}
    assert {case.way for case in PLAIN} == {"online"}


def test_every_code_and_every_ordered_pair_of_regions_occurs() -> None:
    pairs = {(case.want.region, case.accept) for case in PLAIN}

    assert pairs == set(permutations(REGIONS, 2))
    assert {code.code for case in PLAIN if (code := case.code)} == {"suishenma", "sufuma", "zheliban", "ankangma"}


def test_nothing_is_accepted_at_home() -> None:
    assert [case.name for case in CASES if case.accept == case.want.home] == []


def test_each_region_has_an_offline_and_a_typed_code() -> None:
    for way in ("offline", "typed"):
        assert {case.want.home for case in CASES if case.way == way} == set(REGIONS)


def test_recognition_is_as_each_row_expects() -> None:
    accepted = {(cell.accepting, cell.type_code, cell.issuing): cell.accepted for cell in cells()}

    for case in CASES:
        cell = str(case.accept), case.want.kind.code, str(case.want.region)
        assert accepted[cell] is (case.twist != "not_recognised"), case.name


def test_names_and_findings_are_good() -> None:
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert [case.finding for case in CASES if case.finding not in REASONS] == []


def test_every_twist_is_known_to_somebody() -> None:
    assert {case.twist for case in CASES} == {*TWISTS, *FORGED, *CHANGED, *ELSEWHERE}


def test_every_refusal_and_indecision_that_is_asked_for_has_its_row() -> None:
    ends = {case.finding: case.expect for case in CASES if case.expect is not Verdict.ACCEPT}

    assert [code for code, verdict in ends.items() if verdict is Verdict.CANNOT_DECIDE] == [
        "replica.stale",
        "anchor.pending",
        "home.unreachable",
    ]
    assert {
        *("status.revoked", "status.suspended", "status.superseded", "validity.expired", "validity.not_yet"),
        *("sd_jwt.stray", "signature.wrong", "anchor.path", "authority.unknown", "authority.not_granted"),
        *("authority.dissolved", "key.compromised", "code.used", "code.expired", "holder.mismatch"),
        *("item.unknown", "recognition.no"),
    } == {code for code, verdict in ends.items() if verdict is Verdict.REFUSE}


def test_no_row_spoils_another() -> None:
    """A home region shows whatever good certificate of the type its holder has: one row, one such certificate."""
    issued: dict[tuple[int, int, int], set[tuple[int, str, str]]] = {}
    for case in CASES:
        if case.twist not in FORGED and case.way != "file":
            key = case.want.home, case.want.number, case.want.type_no
            issued.setdefault(key, set()).add((case.want.region, case.want.suite, _share(case)))

    assert {key: kinds for key, kinds in issued.items() if len(kinds) > 1} == {}


def test_the_stories_are_of_real_items_and_say_as_much_in_both_languages() -> None:
    for story in STORIES:
        lines = list(story.lines())
        assert {code for need in story.item.required for code in need.any_of} == {w.kind.code for w in story.wants}
        assert len(lines) == 2 * len(story.zh)
        assert not any("{" in line for line in lines)


def test_every_type_has_an_item_that_asks_for_it_alone() -> None:
    assert all(len(item_for(no).required) == 1 and item_for(no).takes("offline") for no in range(1, 38))


def _share(case: Case) -> str:
    return case.twist if case.twist == "expired" else ""
