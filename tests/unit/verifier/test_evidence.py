"""The verifier judges one certificate of a code by itself: it asks the code group where nobody asked it before."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from ecert.domain import offline
from ecert.domain.holders import HolderRef
from ecert.domain.redeem import parse_response
from ecert.domain.use import use_hash
from tests.unit.verifier.build import LI, QUESTION, WANG, World, found, told
from tests.unit.verifier.home import CODE, ITEM, USE, HomeRegion, entry, offline_code, shown
from verifier.evidence import Asked, Offline, Redeemed
from verifier.findings import Finding, Group, Outcome, Verdict

ASKED = Asked(code=sha256(CODE.encode()).digest(), use=use_hash(USE), audience=USE.organisation, item=ITEM, region=32)


def _redeemed(world: World, *, key: str = "code", age: int = 0) -> Redeemed:
    home = HomeRegion(world, (shown(world.anchored()),), key=key, changed={"iat": world.now - age})
    text = home.redeem(
        text=CODE, use=USE, holder=LI.ref, requester=USE.organisation, asker="key:1", idempotency_key="k", now=world.now
    )
    response = parse_response(text)
    return Redeemed(response, response.claims.certificates[0], ASKED)


def _offline(world: World, key: str = "code") -> Offline:
    code = offline.parse(offline_code(world, entry(world.anchored()), key=key))
    return Offline(code, code.claims.certificates[0])


def test_an_answer_is_held_against_what_was_asked(world: World) -> None:
    evidence = _redeemed(world, age=5)
    judged = world.judge(evidence)
    assert judged.verdict is Verdict.ACCEPT
    assert found(judged, Group.CODE) == Finding(Group.CODE, Outcome.VALID, "code.fresh", {"region": 32, "age": 5})
    other = replace(evidence, asked=replace(ASKED, item="EC-0002"))
    assert found(world.judge(other), Group.CODE) == Finding(
        Group.CODE, Outcome.INVALID, "code.other_item", {"item": ITEM}
    )


@pytest.mark.parametrize(("age", "code"), [(120, "VALID code.fresh"), (121, "INVALID code.stale")])
def test_an_answer_without_its_request_s_key_is_of_the_last_two_minutes(world: World, age: int, code: str) -> None:
    assert told(world.judge(_redeemed(world, age=age)), Group.CODE) == code


@pytest.mark.parametrize(("named", "code"), [(LI.ref, "VALID holder.confirmed"), (WANG, "INVALID holder.mismatch")])
def test_an_offline_certificate_alone_is_held_against_the_code_s_holder(
    world: World, named: HolderRef, code: str
) -> None:
    judged = world.judge(_offline(world), question=replace(QUESTION, holder=named))
    assert told(judged, Group.HOLDER) == code
    (attested, unused) = (finding for finding in judged.findings if finding.check is Group.CODE)
    assert (attested.outcome, attested.code) == (Outcome.VALID, "code.attested")
    assert unused == Finding(Group.CODE, Outcome.SKIPPED, "code.unused")


def test_a_code_key_of_a_suite_that_this_release_does_not_know_is_an_error(world: World) -> None:
    world.key("future", authority="", purpose="code", key_suite="FUTURE")
    unknown = Finding(Group.CODE, Outcome.ERROR, "suite.unknown")
    assert world.judge(_redeemed(world, key="future")).findings[0] == unknown
    assert world.judge(_offline(world, key="future")).findings[0] == unknown


def test_the_slow_comparison_is_not_made_twice(world: World) -> None:
    compared = replace(_offline(world), holder_match=False)
    assert (
        told(world.judge(compared, question=replace(QUESTION, holder=LI.ref)), Group.HOLDER)
        == "INVALID holder.mismatch"
    )


def test_an_unknown_code_key_is_told_with_its_region_and_the_replica_s_block(world: World) -> None:
    evidence = _redeemed(world, key="stranger")
    head = world.replica.head
    wrong = Finding(Group.CODE, Outcome.INVALID, "code.key_unknown", {"region": 32})
    pending = Finding(Group.CODE, Outcome.ERROR, "code.key_pending", {"region": 32, "block": head.number})
    assert found(world.judge(evidence), Group.CODE) == wrong
    assert found(world.judge(evidence, now=head.time + 301), Group.CODE) == pending


@pytest.mark.parametrize(("ahead", "code"), [(120, "INVALID code.key_unknown"), (121, "ERROR code.key_pending")])
def test_an_answer_newer_than_the_replica_may_have_a_key_that_is(world: World, ahead: int, code: str) -> None:
    issued_at = world.time + 10 + ahead
    evidence = _redeemed(world, key="stranger", age=world.now + 10 - issued_at)
    assert evidence.response.claims.iat == world.replica.head.time + ahead
    assert told(world.judge(evidence), Group.CODE) == code
