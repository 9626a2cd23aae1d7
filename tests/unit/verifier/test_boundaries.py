"""Where a check turns over: the very second, the other owner of a key, the role that need not be of the type's kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import base45
import pytest

from ecert.domain import offline
from ecert.domain.holders import Holder
from tests.unit.verifier.build import ISSUER, ISSUER_KEY, LI, QUESTION, T0, Issued, World, found, told, uscc
from tests.unit.verifier.home import entry, offline_code
from verifier.evidence import Offline
from verifier.findings import Finding, Group, Outcome

OTHER = uscc(32, 2)


def _offline(world: World, issued: Issued | None = None, **changed: object) -> Offline:
    code = offline.parse(offline_code(world, entry(issued or world.anchored(), **changed)))
    return Offline(code, code.claims.certificates[0])


@pytest.mark.parametrize("owners", [(ISSUER, OTHER), (OTHER, ISSUER)])
def test_offline_the_best_of_a_key_s_owners_counts(tmp_path: Path, owners: tuple[str, str]) -> None:
    world = World(tmp_path, without=("key",))
    for owner in owners:
        world.key(ISSUER_KEY, authority=owner)
    judged = found(world.judge(_offline(world)), Group.AUTHORITY)
    assert judged == Finding(
        Group.AUTHORITY, Outcome.VALID, "authority.competent", {"authority": ISSUER, "then": world.time}
    )


def test_offline_the_first_owner_s_fault_is_told_where_none_is_competent(tmp_path: Path) -> None:
    world = World(tmp_path, instead={"notBefore": T0 + 10_000})
    world.key(ISSUER_KEY, authority=OTHER)
    assert told(world.judge(_offline(world)), Group.AUTHORITY) == "INVALID authority.not_yet"


def test_offline_a_key_may_be_newer_than_the_replica(world: World) -> None:
    evidence = _offline(world, authority_key=bytes(32))
    judged = found(world.judge(evidence, now=world.time + 301), Group.AUTHORITY)
    head = world.replica.head.number
    assert judged == Finding(Group.AUTHORITY, Outcome.ERROR, "key.pending", {"block": head})


def test_offline_a_certificate_ends_when_its_entry_says(world: World) -> None:
    end = world.now + 100
    evidence = _offline(world, exp=end)
    assert told(world.judge(evidence, now=end - 1), Group.VALIDITY) == "VALID validity.in_force"
    assert told(world.judge(evidence, now=end), Group.VALIDITY) == "INVALID validity.expired"


def test_an_offline_code_with_another_signature_is_refused(world: World) -> None:
    text = offline_code(world, entry(world.anchored()))
    message = bytearray(base45.b45decode(text.removeprefix(offline.PREFIX)))
    message[-1] ^= 1
    code = offline.parse(offline.PREFIX + base45.b45encode(bytes(message)).decode())
    judged = world.judge(Offline(code, code.claims.certificates[0]))
    assert judged.findings[0] == Finding(Group.CODE, Outcome.INVALID, "code.signature")


def test_an_authority_counts_from_the_block_that_registered_it(world: World) -> None:
    known = world.replica.trust.authorities[ISSUER].not_before.known
    issued = world.issue()
    for known_at, code in [(known - 1, "authority.unknown"), (known, "authority.not_granted")]:
        judged = world.judge(issued, question=replace(QUESTION, known_at=known_at))
        assert told(judged, Group.AUTHORITY) == f"INVALID {code}"


@pytest.mark.parametrize("name", ["notBefore", "key_notBefore"])
@pytest.mark.parametrize(("later", "is_competent"), [(0, True), (1, False)])
def test_authority_and_key_begin_with_their_first_second(
    tmp_path: Path, name: str, later: int, *, is_competent: bool
) -> None:
    batch = World(tmp_path / "first").anchored_at()
    world = World(tmp_path / "second", instead={name: batch + later})
    assert (told(world.judge(world.anchored()), Group.AUTHORITY) == "VALID authority.competent") is is_competent


def test_another_authority_s_key_signs_nothing_in_this_one_s_name(tmp_path: Path) -> None:
    world = World(tmp_path, without=("key",))
    world.block("AuthorityRegistered", uscc=OTHER.encode(), division=32, name="另一示例局", notBefore=T0 - 1000)
    world.block("TypesGranted", uscc=OTHER.encode(), types=[b"11100000000013127D001"], **{"from": T0 - 1000})
    world.key(ISSUER_KEY, authority=OTHER)
    judged = world.judge(world.anchored())
    assert told(judged, Group.SIGNATURE) == "INVALID key.unknown"
    assert told(judged, Group.AUTHORITY) == "INVALID key.unknown"


@pytest.mark.parametrize("role", ["agent", "legal_representative", "guardian", "child"])
def test_who_accompanies_need_not_be_of_the_type_s_kind(world: World, role: str) -> None:
    beside = Holder("organisation", "USCC", uscc(32, 9), "示例机构", role=role)
    assert told(world.judge(world.anchored(holders=(LI, beside))), Group.FORM) == "VALID form.known"
