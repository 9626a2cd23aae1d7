"""What a finding tells beside its code: the evidence that a clerk's receipt and a partner's system keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecert.domain.catalogue import by_no
from ecert.domain.holders import Holder
from ecert.domain.signer import key_id
from ecert.domain.status import StatusRef
from tests.unit.verifier.build import (
    ANCHOR,
    CARD,
    ISSUER,
    ISSUER_KEY,
    LI,
    QUESTION,
    ROLES,
    T0,
    VEHICLE,
    Issued,
    World,
    found,
    uscc,
)
from tests.unit.verifier.build import signer as key_of
from tests.unit.verifier.home import CODE, HomeRegion, ask, entry, offline_code, shown
from verifier.checks.anchor import _in_office
from verifier.evidence import Presented
from verifier.findings import Finding, Group, error, invalid, skipped, valid
from verifier.verify import Judged

NAMED = {"region": 32, "authority": ISSUER.encode(), "keyId": key_id(key_of(ISSUER_KEY).spki)}


def _coded(home: HomeRegion, *, code: str = CODE, later: int = 0) -> Finding:
    return ask(home, code=code, later=later).certificates[0].findings[0]


def test_a_good_certificate_s_findings(world: World) -> None:
    judged = world.judge(world.anchored())
    anchored, block = world.time, world.replica.head.number
    assert judged.findings == (
        valid(Group.HOLDER, "holder.named", role=LI.role),
        valid(Group.FORM, "form.known", type=CARD.code),
        valid(Group.SIGNATURE, "signature.right", suite="ES256"),
        valid(Group.AUTHORITY, "authority.competent", authority=ISSUER, then=anchored),
        valid(Group.ANCHOR, "anchor.final", batch=1, block=block, time=anchored),
        valid(Group.STATUS, "status.valid"),
        valid(Group.VALIDITY, "validity.in_force", at=world.now),
        valid(Group.RECOGNITION, "recognition.yes", accepting="310118", issuing="320509"),
        valid(Group.FRESHNESS, "replica.fresh", age=30, limit=300),
    )


def test_holder_findings(world: World) -> None:
    nobody = world.judge(world.anchored(), question=replace(QUESTION, holder=None))
    assert found(nobody, Group.HOLDER) == error(Group.HOLDER, "holder.not_shown", key_binding="none")
    unread = world.judge(Presented("nonsense", None))
    assert found(unread, Group.HOLDER) == skipped(Group.HOLDER, "not.reached")


def test_form_findings(world: World) -> None:
    student = by_no(2)
    unknown = world.judge(world.anchored(kind=student, elements={"NIX": 3}))
    assert found(unknown, Group.FORM) == invalid(Group.FORM, "element.unknown", type=student.code)
    mutable = world.judge(world.anchored(kind=student, elements={"LJJF": 3}))
    assert found(mutable, Group.FORM) == invalid(Group.FORM, "element.mutable", element="LJJF")
    shop = Holder("organisation", "USCC", uscc(32, 9), "示例商行")
    other = world.judge(world.anchored(holders=(LI, shop)))
    assert found(other, Group.FORM) == invalid(Group.FORM, "form.holder_kind", kind="organisation")


def test_signature_findings(world: World, tmp_path: Path) -> None:
    world.key("gateway", purpose="gateway")
    assert found(world.judge(world.anchored(key="gateway")), Group.SIGNATURE) == invalid(
        Group.SIGNATURE, "key.purpose", purpose="gateway"
    )
    issued, other = world.anchored(), world.issue().sd_jwt.jwt.rpartition(".")[2]
    forged = replace(issued.sd_jwt, jwt=f"{issued.sd_jwt.jwt.rpartition('.')[0]}.{other}")
    assert found(world.judge(Issued(forged, issued.receipt)), Group.SIGNATURE) == invalid(
        Group.SIGNATURE, "signature.wrong", suite="ES256"
    )
    future = World(tmp_path / "future", instead={"key_suite": "FUTURE"})
    assert found(future.judge(future.anchored()), Group.SIGNATURE) == error(
        Group.SIGNATURE, "suite.unknown", suite="FUTURE"
    )
    stranger = world.anchored(key="stranger")
    assert found(world.judge(stranger, now=world.time + 301), Group.SIGNATURE) == error(
        Group.SIGNATURE, "key.pending", block=world.replica.head.number
    )


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        ({"notBefore": T0 + 10_000}, "authority.not_yet", {}),
        ({"division": 3201}, "authority.division", {"serves": "3201"}),
        ({"key_notBefore": T0 + 10_000}, "key.not_yet", {}),
    ],
)
def test_authority_findings(tmp_path: Path, changed: dict[str, object], code: str, told: dict[str, str]) -> None:
    world = World(tmp_path, instead=changed)
    judged = world.judge(world.anchored())
    evidence = {"authority": ISSUER} | (told or {"then": world.time})
    assert found(judged, Group.AUTHORITY) == invalid(Group.AUTHORITY, code, **evidence)


def test_a_dissolved_authority_s_finding_tells_when_it_was_asked_of(world: World) -> None:
    world.block("AuthorityDissolved", uscc=ISSUER.encode(), dissolvedAt=world.time + 5, successor=bytes(18))
    judged = world.judge(world.anchored())
    assert found(judged, Group.AUTHORITY) == invalid(
        Group.AUTHORITY, "authority.dissolved", authority=ISSUER, then=world.time
    )


def test_an_authority_is_judged_at_the_batch_s_time_not_at_the_signature_s(world: World) -> None:
    signed, iat = world.issue(), world.time
    world.block("AuthorityDissolved", uscc=ISSUER.encode(), dissolvedAt=world.time + 5, successor=bytes(18))
    assert found(world.judge(signed), Group.AUTHORITY) == valid(
        Group.AUTHORITY, "authority.competent", authority=ISSUER, then=iat
    )
    (late,) = world.anchor(signed)
    assert found(world.judge(late), Group.AUTHORITY).code == "authority.dissolved"


def _anchor(judged: Judged) -> Finding:
    return found(judged, Group.ANCHOR)


def test_anchor_findings(world: World) -> None:
    issued, second = world.anchor(world.issue(), world.issue(index=8))
    assert issued.receipt is not None
    wrong = Issued(issued.sd_jwt, replace(issued.receipt, size=3))
    assert _anchor(world.judge(wrong)) == invalid(Group.ANCHOR, "anchor.path", batch=1, size=2)
    swapped = Issued(issued.sd_jwt, second.receipt)
    assert _anchor(world.judge(swapped)) == invalid(Group.ANCHOR, "anchor.path", batch=1)
    world.block("ContractAppointed", role=ROLES["CertificateAnchor"], contractAddress=b"\xa9" * 20, fromBlock=99)
    late = world.anchored()
    assert late.receipt is not None
    assert _anchor(world.judge(late)) == invalid(
        Group.ANCHOR, "anchor.contract", contract=late.receipt.contract, block=world.replica.head.number
    )


@pytest.mark.parametrize(("ahead", "is_early"), [(300, False), (301, True)])
def test_a_batch_may_be_five_minutes_older_than_its_certificate(world: World, ahead: int, *, is_early: bool) -> None:
    signed = world.time + 10 + ahead
    (issued,) = world.anchor(world.issue(iat=signed))
    finding = _anchor(world.judge(issued, now=world.time + 200))
    early = invalid(Group.ANCHOR, "anchor.time", anchored=world.time, iat=signed)
    assert (finding == early) is is_early
    assert (finding.code == "anchor.final") is not is_early


def test_a_batch_is_in_its_contract_s_term_from_the_first_block_to_the_last(world: World) -> None:
    world.anchored()
    batch = world.replica.batch(region=32, kind=1, number=1, contract=ANCHOR)
    assert batch is not None
    block, old, new = batch.block, b"\xa8" * 20, b"\xa9" * 20
    terms = {
        (first, end): _in_office(batch, [(old, 1), (ANCHOR, first), (new, end), (old, end)])
        for first, end in [
            (block - 1, block + 1),
            (block, block + 1),
            (block, block),
            (block + 1, block + 2),
            (1, block - 1),
        ]
    }
    assert list(terms.values()) == [True, True, True, False, False]
    assert _in_office(batch, [(old, 1), (ANCHOR, block)])
    assert not _in_office(batch, [(old, 1), (new, 2)])


def test_status_findings(world: World) -> None:
    elsewhere = world.anchored(status=StatusRef("https://example.test/31-1", 7))
    assert found(world.judge(elsewhere), Group.STATUS) == invalid(Group.STATUS, "status.region", region=31)
    unknown = world.anchored(status=StatusRef("https://example.test/32-2", 7))
    assert found(world.judge(unknown), Group.STATUS) == error(Group.STATUS, "status.pending", list=2)
    outside = world.anchored(index=1024)
    assert found(world.judge(outside), Group.STATUS) == invalid(Group.STATUS, "status.index", list=1, size=1024)


def test_validity_findings(world: World) -> None:
    issued = world.anchored(nbf=T0 - 100, exp=T0 + 50)
    early = world.judge(issued, question=replace(QUESTION, at=T0 - 101))
    assert found(early, Group.VALIDITY) == invalid(Group.VALIDITY, "validity.not_yet", nbf=T0 - 100, at=T0 - 101)
    late = world.judge(issued, question=replace(QUESTION, at=T0 + 50))
    assert found(late, Group.VALIDITY) == invalid(Group.VALIDITY, "validity.expired", exp=T0 + 50, at=T0 + 50)
    lapsed = world.judge(world.anchored(kind=VEHICLE, elements={"JYYXQZ": "2020-01-31", "HPHM": "苏E00000"}))
    assert found(lapsed, Group.VALIDITY) == invalid(Group.VALIDITY, "validity.element", element="JYYXQZ", at=world.now)
    old, good = ({"YXQ": {"from": "2019-01-01", "to": to}} for to in ("2020-01-01", "2040-01-01"))
    noted = world.judge(world.anchored(kind=by_no(7), elements={"QZ": [old, good, old]}))
    assert found(noted, Group.VALIDITY) == valid(
        Group.VALIDITY, "validity.in_force", at=world.now, lapsed="QZ[0],QZ[2]"
    )


def test_recognition_findings(world: World, tmp_path: Path) -> None:
    issued = world.anchored()
    world.recognise(accepted=False)
    assert found(world.judge(issued), Group.RECOGNITION) == invalid(
        Group.RECOGNITION, "recognition.no", accepting="310118", issuing="320509"
    )
    alone = World(tmp_path / "alone", without=("recognition",))
    at_home = alone.judge(alone.anchored(), question=replace(QUESTION, division="320509"))
    assert found(at_home, Group.RECOGNITION) == valid(Group.RECOGNITION, "recognition.own", accepting="320509")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, valid(Group.CODE, "code.fresh", region=32, age=0)),
        ({"item": "EC-0002"}, invalid(Group.CODE, "code.other_item", item="EC-0002")),
        ({"iat": T0 - 1001}, invalid(Group.CODE, "code.key_period", iat=T0 - 1001)),
    ],
)
def test_code_findings(world: World, changed: dict[str, object], expected: Finding) -> None:
    home = HomeRegion(world, (shown(world.anchored()),), changed=changed)
    assert _coded(home) == expected


def test_a_stale_answer_s_finding_tells_its_age_and_the_limit(world: World) -> None:
    home = HomeRegion(world, (shown(world.anchored()),), changed={"iat": world.now - 601})
    assert _coded(home) == invalid(Group.CODE, "code.stale", age=601, limit=600)


def test_the_findings_of_a_code_key(world: World) -> None:
    home = HomeRegion(world, (shown(world.anchored()),), changed={"iat": world.now})
    named = {"region": 32, "authority": bytes(18), "keyId": key_id(key_of("code").spki)}
    iat = world.now
    world.block("KeyRevoked", **named, revokedAt=iat)
    assert _coded(home) == invalid(Group.CODE, "code.key_revoked", iat=iat)
    world.block("KeyCompromised", **named, since=iat)
    assert _coded(home).code == "code.key_revoked"
    home.changed = {"iat": iat - 1}
    assert _coded(home).code == "code.fresh"
    world.block("KeyCompromised", **named, since=iat - 1)
    assert _coded(home) == invalid(Group.CODE, "code.key_compromised", iat=iat - 1)
    world.key("receipt", authority="", purpose="receipt")
    home.key = "receipt"
    assert _coded(home) == invalid(Group.CODE, "code.key_purpose", purpose="receipt")


def test_an_answer_by_another_region_s_finding_tells_which(world: World) -> None:
    world.key("code", authority="", purpose="code", key_region=33)
    home = HomeRegion(world, (shown(world.anchored()),), changed={"region": 33})
    assert _coded(home) == invalid(Group.CODE, "code.other_region", region=33)


def test_offline_code_findings(world: World) -> None:
    card, now = entry(world.anchored()), world.now
    home = HomeRegion(world)
    good = valid(Group.CODE, "code.attested", region=32, expires=now + 3600)
    assert _coded(home, code=offline_code(world, card)) == good
    assert _coded(home, code=offline_code(world, card), later=3599) == good
    expired = invalid(Group.CODE, "code.expired", expired=now + 3600)
    assert _coded(home, code=offline_code(world, card), later=3600) == expired
    ahead = {"iat": now + 121, "exp": now + 9999}
    assert _coded(home, code=offline_code(world, card, **ahead)) == invalid(Group.CODE, "code.stale", age=-121)
    assert _coded(home, code=offline_code(world, card, iat=now + 120)).code == "code.attested"
    other = invalid(Group.CODE, "code.other_item", item="EC-0002")
    assert _coded(home, code=offline_code(world, card, item="EC-0002")) == other
