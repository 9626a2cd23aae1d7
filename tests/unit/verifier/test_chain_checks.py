"""Anchor, status, validity, recognition and freshness: each finding provoked once, with its two times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecert.domain.catalogue import by_no
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.status import StatusRef
from tests.unit.verifier.build import (
    CHAIN,
    ESTATE,
    LI,
    QUESTION,
    ROLES,
    T0,
    VEHICLE,
    Issued,
    World,
    found,
    told,
)
from verifier.evidence import Presented
from verifier.findings import Finding, Group, Outcome, Verdict


def _receipt(issued: Issued) -> AnchorReceipt:
    assert issued.receipt is not None
    return issued.receipt


def test_an_unanchored_certificate_is_pending_and_not_forged(world: World) -> None:
    judged = world.judge(world.issue())
    assert told(judged, Group.ANCHOR) == "ERROR anchor.pending"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_a_batch_in_sm3_proves_the_certificate_s_sm3_fingerprint(world: World) -> None:
    one, other = world.anchor(world.issue(), world.issue(index=8), hash_alg=2)
    assert found(world.judge(one), Group.ANCHOR) == Finding(
        Group.ANCHOR,
        Outcome.VALID,
        "anchor.final",
        {"batch": 1, "block": world.replica.head.number, "time": world.time},
    )
    assert told(world.judge(replace(one, receipt=other.receipt)), Group.ANCHOR) == "INVALID anchor.path"


def test_a_batch_in_an_unknown_hash_is_an_error_and_no_forgery(world: World) -> None:
    (issued,) = world.anchor(world.issue(), hash_alg=9)
    judged = world.judge(issued)
    assert found(judged, Group.ANCHOR) == Finding(Group.ANCHOR, Outcome.ERROR, "suite.hash_alg", {"hash_alg": 9})
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


def test_an_anchor_s_finding_tells_what_it_looked_at(world: World) -> None:
    issued = world.anchored()
    receipt, head = _receipt(issued), world.replica.head.number
    elsewhere = world.judge(Issued(issued.sd_jwt, replace(receipt, chain_id=CHAIN + 1)))
    assert found(elsewhere, Group.ANCHOR).evidence == {"chain_id": CHAIN + 1}
    unknown = world.judge(Issued(issued.sd_jwt, replace(receipt, contract="0x" + "ee" * 20)))
    assert found(unknown, Group.ANCHOR).evidence == {"contract": "0x" + "ee" * 20}
    assert found(world.judge(world.issue(index=9)), Group.ANCHOR).evidence == {"block": head}


@pytest.mark.parametrize(("later", "code"), [(0, "INVALID anchor.contract"), (1, "ERROR anchor.pending")])
def test_a_contract_may_be_newer_than_the_replica_s_head(world: World, later: int, code: str) -> None:
    receipt = replace(_receipt(world.anchored()), contract="0x" + "ee" * 20)
    young = world.issue(index=8, iat=world.time + later)
    assert told(world.judge(Issued(young.sd_jwt, receipt)), Group.ANCHOR) == code


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


@pytest.mark.parametrize(
    ("later", "finding"),
    [
        (-6, Finding(Group.FRESHNESS, Outcome.ERROR, "replica.clock", {"ahead": 6})),
        (-5, Finding(Group.FRESHNESS, Outcome.VALID, "replica.fresh", {"age": -5, "limit": 300})),
        (300, Finding(Group.FRESHNESS, Outcome.VALID, "replica.fresh", {"age": 300, "limit": 300})),
        (301, Finding(Group.FRESHNESS, Outcome.ERROR, "replica.stale", {"age": 301, "limit": 300})),
    ],
)
def test_freshness_tells_the_replica_s_age_and_its_limit(world: World, later: int, finding: Finding) -> None:
    judged = world.judge(world.anchored(), now=world.replica.head.time + later)
    assert found(judged, Group.FRESHNESS) == finding
