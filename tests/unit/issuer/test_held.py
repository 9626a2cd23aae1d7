"""What is shown of a holder's certificates, and what an authority may change without signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.domain import certificate
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.holders import Holder
from ecert.domain.status import Status
from issuer import held, issue, issue_many, read, revoke, suspend, update_mutable
from tests.unit.issuer.world import BUSINESS, CAR, HOUSEHOLD, LI, LICENCE, NOW, USCC, WANG, request

if TYPE_CHECKING:
    from tests.unit.issuer.world import World


def test_a_holder_is_found_across_types_and_nobody_else(world: World) -> None:
    asked = [request(), request(CAR), request(CAR), request(holders=(WANG,))]
    mine = [i.licence_id for i in issue_many(world.room, asked, now=NOW)][:3]

    shown = held(world.room, region=32, holder=LI.ref, types=[HOUSEHOLD, CAR, LICENCE])
    assert sorted(h.licence_id for h in shown) == sorted(mine)
    assert [h.type_code for h in shown] == [CAR, CAR, HOUSEHOLD]
    assert all(certificate.parse(h.sd_jwt).holders == (LI,) for h in shown)
    assert len(held(world.room, region=32, holder=LI.ref, types=[CAR])) == 2
    assert held(world.room, region=32, holder=LI.ref, types=[]) == ()
    assert held(world.room, region=31, holder=LI.ref, types=[HOUSEHOLD, CAR]) == ()


def test_each_of_two_holders_finds_the_certificate(world: World) -> None:
    issued = issue(world.room, request(holders=(LI, WANG)), now=NOW)

    for holder in (LI, WANG):
        (shown,) = held(world.room, region=32, holder=holder.ref, types=[HOUSEHOLD])
        assert shown.licence_id == issued.licence_id


def test_an_enterprise_is_found_by_its_agent_too(world: World) -> None:
    firm = Holder("organisation", "USCC", "91350100M000100Y43", "示例公司")
    agent = Holder("person", LI.id_type, LI.id, LI.name, "agent")
    issue(world.room, request(BUSINESS, holders=(firm, agent)), now=NOW)

    for holder in (firm, agent):
        assert len(held(world.room, region=32, holder=holder.ref, types=[BUSINESS])) == 1


def test_the_newest_comes_first(world: World) -> None:
    names = [issue(world.room, request(), now=NOW + second).licence_id for second in range(3)]

    shown = held(world.room, region=32, holder=LI.ref, types=[HOUSEHOLD])
    assert [h.licence_id for h in shown] == names[::-1]


def test_a_suspended_and_a_revoked_one_are_shown_with_their_ground(world: World) -> None:
    one, two = (i.licence_id for i in issue_many(world.room, [request()] * 2, now=NOW))
    suspend(world.room, one, ground="court_order", authority=USCC, now=NOW)
    revoke(world.room, two, ground="error", authority=USCC, now=NOW)

    shown = {
        h.licence_id: (h.status, h.status_reason) for h in held(world.room, region=32, holder=LI.ref, types=[HOUSEHOLD])
    }
    assert shown == {
        one: (Status.SUSPENDED, "ground.court_order"),
        two: (Status.INVALID, "ground.error"),
    }


def test_mutable_elements_are_never_signed_and_carry_their_age(world: World) -> None:
    issued = issue(world.room, request(LICENCE, mutable={"LJJF": 3, "ZT": "A"}), now=NOW)
    update_mutable(world.room, issued.licence_id, {"LJJF": 6}, authority=USCC, now=NOW + 60)

    (shown,) = held(world.room, region=32, holder=LI.ref, types=[LICENCE])
    assert {key: (state.value, state.at) for key, state in shown.mutable.items()} == {
        "LJJF": (6, NOW + 60),
        "ZT": ("A", NOW),
    }
    assert certificate.parse(shown.sd_jwt).elements == {}
    assert read(world.room, issued.licence_id, authority=USCC).mutable == shown.mutable


def test_only_mutable_elements_are_updated_and_only_at_home(world: World) -> None:
    name = issue(world.room, request(LICENCE), now=NOW).licence_id

    with pytest.raises(Malformed, match=r"element\.not_mutable"):
        update_mutable(world.room, name, {"XM": "李"}, authority=USCC, now=NOW)
    with pytest.raises(NotFound, match=r"certificate\.unknown"):
        update_mutable(world.room, name, {"LJJF": 6}, authority="91350100M000100Y43", now=NOW)


def test_a_region_that_is_not_served_here_is_not_asked(world: World) -> None:
    with pytest.raises(NotFound, match=r"issuer\.region"):
        held(world.room, region=33, holder=LI.ref, types=[HOUSEHOLD])
