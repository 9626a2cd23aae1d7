"""Online and offline codes: who speaks, about what, when; refusals and outages told apart."""

from __future__ import annotations

import pytest

from ecert.domain.errors import Conflict, EcertError, NotAllowed, NotFound, Unavailable
from ecert.domain.redeem import Mutable
from ecert.domain.signer import key_id
from tests.unit.verifier.build import ESTATE, LI, T0, WANG, World, signer
from tests.unit.verifier.home import CODE, ITEM, USE, HomeRegion, ask, entry, offline_code, shown
from verifier.findings import Finding, Group, Outcome, Verdict
from verifier.report import CertificateReport, Report


def _both(world: World) -> HomeRegion:
    card, estate = world.anchor(world.issue(), world.issue(kind=ESTATE, index=8))
    return HomeRegion(world, (shown(card), shown(estate)))


def _told(report: Report | CertificateReport, group: Group) -> list[str]:
    return [f"{f.outcome.value} {f.code}" for f in report.findings if f.check is group]


def _first(report: Report) -> CertificateReport:
    return report.certificates[0]


def test_an_online_code_is_accepted_for_its_item(world: World) -> None:
    home = _both(world)
    report = ask(home, holder=LI.ref)
    assert report.verdict is Verdict.ACCEPT
    assert report.assurance == "online"
    assert _told(_first(report), Group.CODE) == ["VALID code.fresh"]
    assert _told(_first(report), Group.HOLDER) == ["VALID holder.confirmed"]
    assert home.asked == ["key:1 key-1"]


def test_the_home_region_s_word_stands_for_a_holder_who_was_not_named(world: World) -> None:
    report = ask(_both(world))
    assert _told(_first(report), Group.HOLDER) == ["VALID holder.attested"]
    assert report.verdict is Verdict.ACCEPT


def test_another_person_than_the_code_s_is_refused(world: World) -> None:
    report = ask(_both(world), holder=WANG)
    assert _told(_first(report), Group.HOLDER) == ["INVALID holder.mismatch"]
    assert report.verdict is Verdict.REFUSE


def test_a_named_holder_must_be_answered_for(world: World) -> None:
    home = _both(world)
    home.changed = {"holder_match": None}
    report = ask(home, holder=LI.ref)
    assert _told(_first(report), Group.HOLDER) == ["ERROR holder.not_shown"]
    assert report.verdict is Verdict.CANNOT_DECIDE


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code": bytes(32)}, "code.other_code"),
        ({"use": bytes(32)}, "code.other_use"),
        ({"audience": "吴江区行政服务中心"}, "code.other_audience"),
        ({"item": "EC-0002"}, "code.other_item"),
        ({"iat": T0 - 1001}, "code.key_period"),
    ],
)
def test_an_answer_to_something_else_is_refused(world: World, changed: dict[str, object], code: str) -> None:
    home = _both(world)
    home.changed = changed
    report = ask(home)
    assert _told(_first(report), Group.CODE) == [f"INVALID {code}"]
    assert report.verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (600, "VALID code.fresh"),
        (601, "INVALID code.stale"),
        (-120, "VALID code.fresh"),
        (-121, "INVALID code.stale"),
    ],
)
def test_an_answer_is_of_now_or_of_the_last_ten_minutes_by_its_key(world: World, age: int, expected: str) -> None:
    home = _both(world)
    home.changed = {"iat": world.now - age}
    assert _told(_first(ask(home)), Group.CODE) == [expected]


def test_an_answer_by_another_region_is_refused(world: World) -> None:
    home = _both(world)
    home.changed = {"region": 33}
    world.key("code", authority="", purpose="code", key_region=33)
    assert _told(_first(ask(home)), Group.CODE) == ["INVALID code.other_region"]


def test_an_altered_answer_is_refused(world: World) -> None:
    home = _both(world)
    signature = _answer(home).rsplit(".", 1)[1]
    home.changed = {"holder_match": True}
    home.text = _answer(home).rsplit(".", 1)[0] + "." + signature
    assert _told(_first(ask(home)), Group.CODE) == ["INVALID code.signature"]


def _answer(home: HomeRegion) -> str:
    return home.redeem(
        text=CODE,
        use=USE,
        holder=None,
        requester=USE.organisation,
        asker="key:1",
        idempotency_key="k",
        now=home.world.now,
    )


def test_the_code_key_is_judged_at_the_answer_s_time(world: World) -> None:
    home = _both(world)
    name = {"region": 32, "authority": bytes(18), "keyId": key_id(signer("code").spki)}
    world.block("KeyRevoked", **name, revokedAt=world.time + 100)
    assert _told(_first(ask(home)), Group.CODE) == ["VALID code.fresh"]
    assert _told(_first(ask(home, later=80)), Group.CODE) == ["INVALID code.key_revoked"]


def test_a_compromised_code_key_vouches_for_nothing(world: World) -> None:
    home = _both(world)
    name = {"region": 32, "authority": bytes(18), "keyId": key_id(signer("code").spki)}
    world.block("KeyCompromised", **name, since=T0)
    assert _told(_first(ask(home)), Group.CODE) == ["INVALID code.key_compromised"]


def test_an_unknown_code_key_is_wrong_or_pending_by_the_replica_s_age(world: World) -> None:
    home = _both(world)
    home.key = "stranger"
    assert _told(_first(ask(home)), Group.CODE) == ["INVALID code.key_unknown"]
    assert _told(_first(ask(home, later=400)), Group.CODE) == ["ERROR code.key_pending"]
    world.key("stranger", authority="", purpose="receipt")
    assert _told(_first(ask(home)), Group.CODE) == ["INVALID code.key_purpose"]


@pytest.mark.parametrize(
    "failure",
    [
        Conflict("code.used"),
        NotAllowed("code.expired"),
        NotFound("code.unknown"),
        NotAllowed("code.too_many_tries"),
        NotAllowed("item.unknown"),
        NotAllowed("redeem.too_many"),
    ],
)
def test_the_home_region_s_refusal_is_the_reason(world: World, failure: EcertError) -> None:
    report = ask(HomeRegion(world, failure=failure))
    assert report.verdict is Verdict.REFUSE
    assert report.certificates == ()
    assert _told(report, Group.CODE) == [f"INVALID {failure.code}"]
    assert [reason.code for reason in report.reasons] == [failure.code]


def test_a_refusal_by_a_newer_region_still_has_words(world: World) -> None:
    report = ask(HomeRegion(world, failure=NotAllowed("code.of_the_future")))
    assert report.findings == (Finding(Group.CODE, Outcome.INVALID, "home.refused", {"told": "code.of_the_future"}),)


@pytest.mark.parametrize(
    "failure", [Unavailable("issuer.unreachable"), NotAllowed("access.unknown"), NotFound("code.elsewhere")]
)
def test_an_outage_is_no_forgery(world: World, failure: EcertError) -> None:
    report = ask(HomeRegion(world, failure=failure))
    assert report.verdict is Verdict.CANNOT_DECIDE
    assert report.findings[0].code == "home.unreachable"
    assert report.findings[0].evidence == {"cause": failure.code}


def test_an_answer_that_cannot_be_read_is_an_outage(world: World) -> None:
    report = ask(HomeRegion(world, text="not.a.token"))
    assert _told(report, Group.CODE) == ["ERROR home.answer"]
    assert report.verdict is Verdict.CANNOT_DECIDE


def test_a_text_that_is_no_code_is_refused_without_asking(world: World) -> None:
    home = HomeRegion(world)
    report = ask(home, code="none")
    assert _told(report, Group.CODE) == ["INVALID code.unrecognised"]
    assert (report.verdict, home.asked) == (Verdict.REFUSE, [])


def test_an_unknown_item_is_refused_without_using_the_code_up(world: World) -> None:
    home = _both(world)
    report = ask(home, item_code="EC-9999")
    assert _told(report, Group.CODE) == ["INVALID item.unknown"]
    assert home.asked == []


def test_an_item_s_missing_certificate_leaves_it_undecided(world: World) -> None:
    home = _both(world)
    home.shown = home.shown[:1]
    report = ask(home)
    assert report.certificates[0].verdict is Verdict.ACCEPT
    assert report.verdict is Verdict.CANNOT_DECIDE
    assert [reason.code for reason in report.reasons] == ["item.incomplete"]


def test_a_home_region_with_nothing_to_show_is_undecided(world: World) -> None:
    report = ask(HomeRegion(world))
    assert report.verdict is Verdict.CANNOT_DECIDE
    assert _told(report, Group.CODE) == ["VALID code.fresh"]


def test_mutable_elements_come_with_their_age(world: World) -> None:
    home = _both(world)
    home.shown = (shown(world.anchored(), LJJF=Mutable(3, world.now - 60)),)
    assert ask(home).certificates[0].mutable["LJJF"].value == 3


def test_an_offline_code_attests_form_signature_and_anchor(world: World) -> None:
    report = ask(HomeRegion(world), code=offline_code(world, entry(world.anchored())), holder=LI.ref)
    first = _first(report)
    assert first.verdict is Verdict.ACCEPT
    assert _told(first, Group.CODE) == ["VALID code.attested", "SKIPPED code.unused"]
    for group in (Group.FORM, Group.SIGNATURE, Group.ANCHOR):
        assert _told(first, group) == ["SKIPPED attested.home"]
    for group in (Group.AUTHORITY, Group.STATUS, Group.VALIDITY, Group.RECOGNITION, Group.FRESHNESS):
        assert _told(first, group)[0].startswith("VALID ")
    assert first.authority is not None


def test_the_picture_of_an_offline_code_shows_nobody(world: World) -> None:
    report = ask(HomeRegion(world), code=offline_code(world, entry(world.anchored())))
    assert report.verdict is Verdict.CANNOT_DECIDE
    assert _told(_first(report), Group.HOLDER) == ["ERROR holder.not_shown"]


def test_an_item_may_want_more_than_an_offline_code(world: World) -> None:
    card, estate = world.anchor(world.issue(), world.issue(kind=ESTATE, index=8))
    code = offline_code(world, entry(card))
    report = ask(HomeRegion(world), code=code)
    assert report.verdict is Verdict.CANNOT_DECIDE
    assert report.sufficiency is not None
    assert report.sufficiency.is_too_low
    assert "assurance.too_low" in {reason.code for reason in report.reasons}
    assert estate.receipt is not None


def test_an_offline_code_knows_its_holder_by_a_commitment(world: World) -> None:
    code = offline_code(world, entry(world.anchored()))
    assert _told(_first(ask(HomeRegion(world), code=code, holder=LI.ref)), Group.HOLDER) == ["VALID holder.confirmed"]
    assert _told(_first(ask(HomeRegion(world), code=code, holder=WANG)), Group.HOLDER) == ["INVALID holder.mismatch"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": T0 + 50, "iat": T0}, "INVALID code.expired"),
        ({"iat": T0 + 9000, "exp": T0 + 9999}, "INVALID code.stale"),
        ({"item": "EC-0002"}, "INVALID code.other_item"),
        ({"iat": T0 - 2000}, "INVALID code.key_period"),
        ({"region": 31}, "INVALID code.key_unknown"),
    ],
)
def test_an_offline_code_that_does_not_hold_is_judged_no_further(
    world: World, changed: dict[str, int | str], code: str
) -> None:
    world.block()
    report = ask(HomeRegion(world), code=offline_code(world, entry(world.anchored()), **changed))
    first = _first(report)
    assert _told(first, Group.CODE)[0] == code
    assert _told(first, Group.STATUS) == ["SKIPPED not.reached"]
    assert report.verdict is Verdict.REFUSE


def test_an_offline_code_by_another_key_is_refused(world: World) -> None:
    world.key("receipt", authority="", purpose="receipt")
    code = offline_code(world, entry(world.anchored()), key="receipt")
    assert _told(_first(ask(HomeRegion(world), code=code)), Group.CODE)[0] == "INVALID code.key_purpose"


def test_an_offline_certificate_needs_a_final_batch_and_a_known_key(world: World) -> None:
    issued = world.anchored()
    unanchored = ask(HomeRegion(world), code=offline_code(world, entry(issued, batch=9)))
    assert _told(_first(unanchored), Group.ANCHOR) == ["ERROR anchor.pending"]
    assert _first(unanchored).verdict is Verdict.CANNOT_DECIDE
    strange = ask(HomeRegion(world), code=offline_code(world, entry(issued, authority_key=bytes(32))))
    assert _told(_first(strange), Group.AUTHORITY) == ["INVALID key.unknown"]


def test_an_offline_certificate_that_was_revoked_is_refused(world: World) -> None:
    issued = world.anchored()
    world.status(7, 1)
    report = ask(HomeRegion(world), code=offline_code(world, entry(issued)))
    assert _told(_first(report), Group.STATUS) == ["INVALID status.revoked"]


def test_an_offline_certificate_of_no_known_type_is_refused(world: World) -> None:
    report = ask(HomeRegion(world), code=offline_code(world, entry(world.anchored(), type_no=99)))
    assert _told(_first(report), Group.FORM) == ["INVALID type.unknown"]


def test_a_damaged_offline_code_is_refused(world: World) -> None:
    code = offline_code(world, entry(world.anchored()))
    report = ask(HomeRegion(world), code=code[:-1])
    assert report.verdict is Verdict.REFUSE
    assert report.question.item == ITEM
