"""Every finding of a file or presentation, each provoked once; what is absent is told from what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecert.domain.catalogue import by_no
from ecert.domain.holders import Holder
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.sd_jwt import SdJwt
from ecert.domain.signer import key_id
from ecert.domain.status import StatusRef
from tests.unit.verifier.build import (
    CHAIN,
    ESTATE,
    ISSUER,
    ISSUER_KEY,
    LI,
    QUESTION,
    ROLES,
    T0,
    VEHICLE,
    WANG,
    Issued,
    World,
    found,
    signer,
    told,
    uscc,
)
from verifier.evidence import Presented, Question
from verifier.findings import Group, Outcome, Verdict
from verifier.profiles import FULL


def _receipt(issued: Issued) -> AnchorReceipt:
    assert issued.receipt is not None
    return issued.receipt


def test_a_good_certificate_is_accepted_with_a_valid_in_every_group(world: World) -> None:
    judged = world.judge(world.anchored())
    assert judged.verdict is Verdict.ACCEPT
    assert [finding.check for finding in judged.findings] == list(FULL.required)
    assert {finding.outcome for finding in judged.findings} == {Outcome.VALID}


def test_a_file_alone_shows_no_holder(world: World) -> None:
    judged = world.judge(world.anchored(), question=Question("310118"))
    assert told(judged, Group.HOLDER) == "ERROR holder.not_shown"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_another_person_is_refused(world: World) -> None:
    judged = world.judge(world.anchored(), question=replace(QUESTION, holder=WANG))
    assert told(judged, Group.HOLDER) == "INVALID holder.mismatch"
    assert judged.verdict is Verdict.REFUSE


def test_an_undisclosed_holder_cannot_be_compared(world: World) -> None:
    issued = world.anchored()
    hidden = Presented(f"{issued.sd_jwt.jwt}~", issued.receipt)
    judged = world.judge(hidden)
    assert told(judged, Group.HOLDER) == "ERROR holder.not_disclosed"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_a_key_binding_alone_shows_nobody_yet(world: World) -> None:
    issued = world.anchored()
    bound = SdJwt(issued.sd_jwt.jwt, issued.sd_jwt.disclosures, "a.b.c")
    judged = world.judge(Presented(str(bound), issued.receipt), question=Question("310118"))
    assert found(judged, Group.HOLDER).evidence == {"key_binding": "reserved"}
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_what_is_no_certificate_is_refused_with_its_parser_s_code(world: World) -> None:
    judged = world.judge(Presented("nonsense", None))
    assert told(judged, Group.FORM) == "INVALID sd_jwt.form"
    assert {told(judged, group) for group in FULL.required if group is not Group.FORM} == {"SKIPPED not.reached"}
    assert judged.verdict is Verdict.REFUSE


def test_an_unknown_type_is_refused(world: World) -> None:
    judged = world.judge(world.anchored(type_code="11100000MB03271699999"))
    assert told(judged, Group.FORM) == "INVALID type.unknown"


@pytest.mark.parametrize(("element", "code"), [("LJJF", "element.mutable"), ("NIX", "element.unknown")])
def test_elements_that_do_not_belong_are_refused(world: World, element: str, code: str) -> None:
    judged = world.judge(world.anchored(kind=by_no(2), elements={element: 3}))
    assert told(judged, Group.FORM) == f"INVALID {code}"


def test_a_holder_of_another_kind_is_refused(world: World) -> None:
    shop = Holder("organisation", "USCC", uscc(32, 9), "示例商行")
    judged = world.judge(world.anchored(holders=(LI, shop)))
    assert told(judged, Group.FORM) == "INVALID form.holder_kind"


def test_an_agent_need_not_be_of_the_type_s_kind(world: World) -> None:
    agent = Holder("organisation", "USCC", uscc(32, 9), "示例代办", role="agent")
    assert told(world.judge(world.anchored(holders=(LI, agent))), Group.FORM) == "VALID form.known"


def test_a_status_uri_of_another_form_is_refused(world: World) -> None:
    judged = world.judge(world.anchored(status=StatusRef("https://example.test/lists/none", 7)))
    assert told(judged, Group.FORM) == "INVALID status.uri"


def test_a_wrong_signature_is_refused(world: World) -> None:
    issued = world.anchored()
    head, payload, _ = issued.sd_jwt.jwt.split(".")
    other = world.issue().sd_jwt.jwt.split(".")[2]
    forged = replace(issued.sd_jwt, jwt=f"{head}.{payload}.{other}")
    judged = world.judge(Issued(forged, issued.receipt))
    assert told(judged, Group.SIGNATURE) == "INVALID signature.wrong"
    assert told(judged, Group.ANCHOR) == "INVALID anchor.path"


def test_an_unknown_key_is_wrong_where_the_replica_is_current(world: World) -> None:
    judged = world.judge(world.anchored(key="stranger"))
    assert told(judged, Group.SIGNATURE) == "INVALID key.unknown"


def test_an_unknown_key_is_pending_where_the_replica_is_old(world: World) -> None:
    judged = world.judge(world.anchored(key="stranger"), now=world.time + 301)
    assert told(judged, Group.SIGNATURE) == "ERROR key.pending"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_an_unknown_key_is_pending_where_the_head_is_older_than_the_certificate(world: World) -> None:
    issued = world.issue(key="stranger", iat=world.time + 20)
    assert told(world.judge(issued), Group.SIGNATURE) == "ERROR key.pending"


def test_an_unanchored_certificate_of_an_unknown_key_is_refused(world: World) -> None:
    assert told(world.judge(world.issue(key="stranger")), Group.SIGNATURE) == "INVALID key.unknown"


def test_a_key_for_something_else_signs_no_certificate(world: World) -> None:
    world.key("gateway", purpose="gateway")
    assert told(world.judge(world.anchored(key="gateway")), Group.SIGNATURE) == "INVALID key.purpose"


def test_a_suite_that_this_release_does_not_know_is_an_error(tmp_path: Path) -> None:
    world = World(tmp_path, instead={"key_suite": "FUTURE"})
    judged = world.judge(world.anchored())
    assert told(judged, Group.SIGNATURE) == "ERROR suite.unknown"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_another_region_s_record_of_the_same_key_counts_for_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, without=("key",))
    world.key(ISSUER_KEY, key_region=31)
    assert told(world.judge(world.anchored()), Group.SIGNATURE) == "INVALID key.unknown"


def test_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, without=("authority",))
    assert told(world.judge(world.anchored()), Group.AUTHORITY) == "INVALID authority.unknown"
    judged = world.judge(world.anchored(), now=world.time + 400)
    assert told(judged, Group.AUTHORITY) == "ERROR authority.pending"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"notBefore": T0 + 10_000}, "authority.not_yet"),
        ({"division": 3201}, "authority.division"),
        ({"key_notBefore": T0 + 10_000}, "key.not_yet"),
        ({"key_notAfter": T0 + 1}, "key.expired"),
    ],
)
def test_authority_and_key_are_judged_when_it_was_anchored(
    tmp_path: Path, changed: dict[str, object], code: str
) -> None:
    world = World(tmp_path, instead=changed)
    assert told(world.judge(world.anchored()), Group.AUTHORITY) == f"INVALID {code}"


def test_a_dissolved_authority_issues_nothing_more(world: World) -> None:
    before = world.anchored()
    world.block("AuthorityDissolved", uscc=ISSUER.encode(), dissolvedAt=world.time + 5, successor=bytes(18))
    assert told(world.judge(before), Group.AUTHORITY) == "VALID authority.competent"
    assert told(world.judge(world.anchored()), Group.AUTHORITY) == "INVALID authority.dissolved"


def test_a_type_that_was_not_granted_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, without=("grant",))
    assert told(world.judge(world.anchored()), Group.AUTHORITY) == "INVALID authority.not_granted"
    assert told(world.judge(world.issue(), now=world.time + 900), Group.AUTHORITY) == "ERROR authority.pending"


@pytest.mark.parametrize(
    ("event", "when", "code"),
    [("KeyRevoked", "revokedAt", "key.revoked"), ("KeyCompromised", "since", "key.compromised")],
)
def test_what_ends_a_key_spares_what_was_anchored_before(world: World, event: str, when: str, code: str) -> None:
    before = world.anchored()
    name = {"region": 32, "authority": ISSUER.encode(), "keyId": key_id(signer(ISSUER_KEY).spki)}
    world.block(event, **name, **{when: world.time + 1})
    assert world.judge(before).verdict is Verdict.ACCEPT
    assert told(world.judge(world.anchored()), Group.AUTHORITY) == f"INVALID {code}"


def test_what_was_recorded_later_is_not_known_earlier(world: World) -> None:
    issued = world.anchored()
    then = world.time
    name = {"region": 32, "authority": ISSUER.encode(), "keyId": key_id(signer(ISSUER_KEY).spki)}
    world.block("KeyCompromised", **name, since=T0)
    assert told(world.judge(issued), Group.AUTHORITY) == "INVALID key.compromised"
    assert world.judge(issued, question=replace(QUESTION, known_at=then)).verdict is Verdict.ACCEPT


def test_an_unanchored_certificate_is_pending_and_not_forged(world: World) -> None:
    judged = world.judge(world.issue())
    assert told(judged, Group.ANCHOR) == "ERROR anchor.pending"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_a_batch_that_the_replica_does_not_have_is_pending(world: World) -> None:
    issued = world.anchored()
    later = replace(_receipt(issued), batch=9)
    assert told(world.judge(Issued(issued.sd_jwt, later)), Group.ANCHOR) == "ERROR anchor.pending"


def test_a_batch_recorded_later_is_not_known_earlier(world: World) -> None:
    before = world.time
    issued = world.anchored()
    judged = world.judge(issued, question=replace(QUESTION, known_at=before))
    assert told(judged, Group.ANCHOR) == "ERROR anchor.pending"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"chain_id": CHAIN + 1}, "INVALID anchor.other_chain"),
        ({"contract": "0x" + "ee" * 20}, "INVALID anchor.contract"),
        ({"size": 2}, "INVALID anchor.path"),
        ({"path": (bytes(32),)}, "INVALID anchor.path"),
    ],
)
def test_a_receipt_that_leads_elsewhere_is_refused(world: World, changed: dict[str, object], code: str) -> None:
    issued = world.anchored()
    wrong = replace(_receipt(issued), **changed)
    judged = world.judge(Issued(issued.sd_jwt, wrong))
    assert told(judged, Group.ANCHOR) == code
    assert judged.verdict is Verdict.REFUSE


def test_a_contract_that_an_old_replica_does_not_know_is_pending(world: World) -> None:
    issued = world.anchored()
    wrong = replace(_receipt(issued), contract="0x" + "ee" * 20)
    judged = world.judge(Issued(issued.sd_jwt, wrong), now=world.time + 301)
    assert told(judged, Group.ANCHOR) == "ERROR anchor.pending"


def test_a_succeeded_contract_keeps_its_receipts_and_gets_no_new_ones(world: World) -> None:
    issued = world.anchored()
    world.block("ContractAppointed", role=ROLES["CertificateAnchor"], contractAddress=b"\xa9" * 20, fromBlock=99)
    assert world.judge(issued).verdict is Verdict.ACCEPT
    late = world.anchored()
    assert told(world.judge(late), Group.ANCHOR) == "INVALID anchor.contract"


def test_another_certificate_s_path_is_refused(world: World) -> None:
    first, second = world.anchor(world.issue(), world.issue())
    assert world.judge(first).verdict is Verdict.ACCEPT
    assert told(world.judge(Issued(first.sd_jwt, second.receipt)), Group.ANCHOR) == "INVALID anchor.path"


def test_nothing_is_anchored_before_it_is_signed(world: World) -> None:
    (early,) = world.anchor(world.issue(iat=world.time + 311))
    judged = world.judge(early, now=world.time + 200)
    assert told(judged, Group.ANCHOR) == "INVALID anchor.time"


@pytest.mark.parametrize(("status", "code"), [(1, "status.revoked"), (2, "status.suspended"), (3, "status.superseded")])
def test_what_does_not_stand_is_refused(world: World, status: int, code: str) -> None:
    issued = world.anchored()
    world.status(7, status)
    judged = world.judge(issued)
    assert told(judged, Group.STATUS) == f"INVALID {code}"
    assert judged.verdict is Verdict.REFUSE


def test_status_has_two_times(world: World) -> None:
    issued = world.anchored()
    stood = world.time
    world.status(7, 1, effective=stood + 5)
    recorded = world.time
    cases = {
        (stood, None): "VALID status.valid",
        (stood + 5, None): "INVALID status.revoked",
        (None, recorded - 1): "VALID status.valid",
        (None, recorded): "INVALID status.revoked",
    }
    for (at, known_at), expected in cases.items():
        judged = world.judge(issued, question=replace(QUESTION, at=at, known_at=known_at))
        assert told(judged, Group.STATUS) == expected


def test_a_list_that_the_replica_does_not_have_is_pending(world: World) -> None:
    issued = world.anchored(status=StatusRef("https://example.test/32-2", 7))
    assert told(world.judge(issued), Group.STATUS) == "ERROR status.pending"


def test_an_index_outside_its_list_is_refused(world: World) -> None:
    assert told(world.judge(world.anchored(index=1024)), Group.STATUS) == "INVALID status.index"


def test_another_region_s_list_is_refused(world: World) -> None:
    issued = world.anchored(status=StatusRef("https://example.test/31-1", 7))
    assert told(world.judge(issued), Group.STATUS) == "INVALID status.region"


def test_the_first_second_is_in_force_and_the_last_is_not(world: World) -> None:
    issued = world.anchored(nbf=T0 - 100, exp=T0 + 50)
    cases = {
        T0 - 101: "INVALID validity.not_yet",
        T0 - 100: "VALID validity.in_force",
        T0 + 49: "VALID validity.in_force",
        T0 + 50: "INVALID validity.expired",
    }
    for at, expected in cases.items():
        assert told(world.judge(issued, question=replace(QUESTION, at=at)), Group.VALIDITY) == expected


def test_a_certificate_without_end_does_not_expire(world: World) -> None:
    assert told(world.judge(world.anchored(exp=None)), Group.VALIDITY) == "VALID validity.in_force"


def test_a_lapsed_inspection_is_named_where_it_was_disclosed(world: World) -> None:
    issued = world.anchored(kind=VEHICLE, elements={"JYYXQZ": "2020-01-31", "HPHM": "苏E00000"})
    judged = world.judge(issued)
    assert told(judged, Group.VALIDITY) == "INVALID validity.element"
    assert found(judged, Group.VALIDITY).evidence["element"] == "JYYXQZ"
    hidden = Presented(f"{issued.sd_jwt.jwt}~", issued.receipt)
    assert told(world.judge(hidden), Group.VALIDITY) == "VALID validity.in_force"


def test_one_old_endorsement_beside_a_good_one_is_noted(world: World) -> None:
    old, good = ({"YXQ": {"from": "2019-01-01", "to": to}} for to in ("2020-01-01", "2040-01-01"))
    judged = world.judge(world.anchored(kind=by_no(7), elements={"QZ": [old, good]}))
    assert told(judged, Group.VALIDITY) == "VALID validity.in_force"
    assert found(judged, Group.VALIDITY).evidence["lapsed"] == "QZ[0]"
    judged = world.judge(world.anchored(kind=by_no(7), elements={"QZ": [old, old]}))
    assert told(judged, Group.VALIDITY) == "INVALID validity.element"


def test_a_date_that_is_none_is_refused(world: World) -> None:
    judged = world.judge(world.anchored(kind=VEHICLE, elements={"JYYXQZ": "soon"}))
    assert told(judged, Group.VALIDITY) == "INVALID date.form"


def test_what_was_never_recognised_is_refused_where_the_replica_is_current(tmp_path: Path) -> None:
    world = World(tmp_path, without=("recognition",))
    issued = world.anchored()
    assert told(world.judge(issued), Group.RECOGNITION) == "INVALID recognition.none"
    assert told(world.judge(issued, now=world.time + 400), Group.RECOGNITION) == "ERROR recognition.pending"
    at_home = world.judge(issued, question=replace(QUESTION, division="320509"))
    assert told(at_home, Group.RECOGNITION) == "VALID recognition.own"
    assert at_home.verdict is Verdict.ACCEPT


def test_an_explicit_no_counts_at_home_too(world: World) -> None:
    issued = world.anchored(kind=ESTATE, holders=(LI,))
    world.recognise(accepted=False)
    world.recognise(accepted=False, accepting=3205)
    assert told(world.judge(issued), Group.RECOGNITION) == "INVALID recognition.no"
    at_home = world.judge(issued, question=replace(QUESTION, division="320509"))
    assert told(at_home, Group.RECOGNITION) == "INVALID recognition.no"


@pytest.mark.parametrize(
    ("later", "code"),
    [
        (300, "VALID replica.fresh"),
        (301, "ERROR replica.stale"),
        (-5, "VALID replica.fresh"),
        (-6, "ERROR replica.clock"),
    ],
)
def test_the_replica_has_an_age(world: World, later: int, code: str) -> None:
    judged = world.judge(world.anchored(), now=world.time + later)
    assert told(judged, Group.FRESHNESS) == code
    expected = Verdict.ACCEPT if code.startswith("VALID") else Verdict.CANNOT_DECIDE
    assert judged.verdict is expected
