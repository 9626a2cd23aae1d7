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
    ISSUER,
    ISSUER_KEY,
    LI,
    QUESTION,
    T0,
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
    assert [finding.code for finding in judged.findings] == [
        "holder.named",
        "form.known",
        "signature.right",
        "authority.competent",
        "anchor.final",
        "status.valid",
        "validity.in_force",
        "recognition.yes",
        "replica.fresh",
    ]


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
