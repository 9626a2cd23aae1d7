"""Renewal: the same serial, the next version, and a predecessor that ends when its successor begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from ecert.domain import certificate
from ecert.domain.errors import Conflict, Malformed, NotFound
from ecert.domain.ids import parse_licence_id
from ecert.domain.status import Status
from issuer import due, held, issue, once, read, renew, revoke, suspend, update_mutable
from tests.faults import fault_before
from tests.unit.issuer.world import CAR, DAY, HOUSEHOLD, LI, LICENCE, NOW, OTHER, USCC, WANG, request

if TYPE_CHECKING:
    from tests.unit.issuer.world import World

TOMORROW = date(2027, 1, 16)  # NOW is 2027-01-15 16:00 in UTC+8


def test_a_renewal_keeps_the_serial_and_supersedes(world: World) -> None:
    before = issue(world.room, request(), now=NOW)
    after = renew(world.room, before.licence_id, request(), now=NOW + 1)

    old, new = parse_licence_id(before.licence_id), parse_licence_id(after.licence_id)
    assert (new.serial, new.version) == (old.serial, 2)
    assert str(certificate.parse(after.text).licence) == after.licence_id
    kept = read(world.room, before.licence_id, authority=USCC)
    assert (kept.status, kept.superseded_by) == (Status.SUPERSEDED, after.licence_id)
    assert [(c.ground, c.effective_at, c.state) for c in kept.changes] == [("replaced", NOW + 1, "queued")]
    assert read(world.room, after.licence_id, authority=USCC).supersedes == before.licence_id
    assert [t.purpose for t in world.rows("ledger_transaction")] == ["createList", "setStatus"]


def test_a_fault_while_superseding_leaves_no_successor(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    before = world.counts()
    with world.room.database.transaction() as connection:
        fault_before(connection, "INSERT", "issuer_change")

    with pytest.raises(Exception, match=r"issue\.contended"):
        renew(world.room, name, request(), now=NOW)
    assert world.counts() == before
    assert read(world.room, name, authority=USCC).superseded_by is None


def test_of_two_the_one_in_force_is_held(world: World) -> None:
    before = issue(world.room, request(), now=NOW)
    after = renew(world.room, before.licence_id, request(first_day=TOMORROW), now=NOW)

    assert _held(world) == [(before.licence_id, Status.VALID)]
    assert due(world.room, NOW + DAY) == 1
    assert _held(world) == [(after.licence_id, Status.VALID)]


def test_where_the_predecessor_is_revoked_meanwhile_the_successor_stands_for_it(world: World) -> None:
    before = issue(world.room, request(), now=NOW)
    after = renew(world.room, before.licence_id, request(first_day=TOMORROW), now=NOW)
    revoke(world.room, before.licence_id, ground="lost", authority=USCC, now=NOW + 1)

    assert _held(world) == [(after.licence_id, Status.VALID)]
    assert due(world.room, NOW + DAY) == 0


def test_what_is_suspended_may_be_renewed_and_what_has_ended_not(world: World) -> None:
    first = issue(world.room, request(), now=NOW).licence_id
    suspend(world.room, first, ground="lost", authority=USCC, now=NOW)
    second = renew(world.room, first, request(), now=NOW).licence_id
    with pytest.raises(Conflict, match=r"status\.unchanged"):
        renew(world.room, first, request(), now=NOW)
    revoke(world.room, second, ground="error", authority=USCC, now=NOW)
    with pytest.raises(Conflict, match=r"status\.final"):
        renew(world.room, second, request(), now=NOW)


def test_a_renewal_that_waits_is_not_repeated(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    renew(world.room, name, request(first_day=TOMORROW), now=NOW)

    with pytest.raises(Conflict, match=r"renewal\.renewed"):
        renew(world.room, name, request(first_day=TOMORROW), now=NOW)


def test_the_same_renewal_asked_twice_gives_the_same_certificate(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    wanted = once(world.room.vault, caller="c", key="k", region=32, request=b"renewal")

    first = renew(world.room, name, request(), now=NOW, once=wanted)
    assert renew(world.room, name, request(), now=NOW + 9, once=wanted) == first


def test_a_renewal_is_for_a_holder_of_the_certificate_its_type_and_its_authority(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id

    with pytest.raises(Conflict, match=r"renewal\.other_holder"):
        renew(world.room, name, request(holders=(WANG,)), now=NOW)
    with pytest.raises(Malformed, match=r"renewal\.type"):
        renew(world.room, name, request(CAR), now=NOW)
    with pytest.raises(NotFound, match=r"certificate\.unknown"):
        renew(world.room, name, request(authority=OTHER), now=NOW)
    renew(world.room, name, request(holders=(WANG, LI)), now=NOW)


def test_penalty_points_go_with_the_driver(world: World) -> None:
    name = issue(world.room, request(LICENCE, mutable={"LJJF": 3}), now=NOW).licence_id
    update_mutable(world.room, name, {"LJJF": 6}, authority=USCC, now=NOW + 5)
    plain = renew(world.room, name, request(LICENCE), now=NOW + 9).licence_id
    fresh = renew(world.room, plain, replace(request(LICENCE), mutable={"LJJF": 0}), now=NOW + 20).licence_id

    points = [read(world.room, n, authority=USCC).mutable["LJJF"] for n in (plain, fresh)]
    assert [(p.value, p.at) for p in points] == [(6, NOW + 5), (0, NOW + 20)]


def _held(world: World) -> list[tuple[str, Status]]:
    return [(h.licence_id, h.status) for h in held(world.room, region=32, holder=LI.ref, types=[HOUSEHOLD])]
