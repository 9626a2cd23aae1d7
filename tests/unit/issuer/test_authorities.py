"""Setting up an authority: keys first, then rows, then what the chain is still to be told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Conflict, Malformed, NotAllowed, NotFound
from issuer import establish, every_authority, retire_key, rotate_key
from tests.unit.issuer.world import BUSINESS, HOUSEHOLD, NOW, OTHER, USCC, office

if TYPE_CHECKING:
    from tests.unit.issuer.world import World

NEW = "91350100M000100Y43"


def test_what_is_missing_on_chain_is_asked_for_until_it_is_there(world: World) -> None:
    wanted = replace(office(NEW), types=(HOUSEHOLD,))
    calls = establish(world.room, wanted, now=NOW)

    assert [call.function for call in calls] == ["registerAuthority", "addKey", "grant"]
    assert establish(world.room, wanted, now=NOW) == calls
    world.tell(calls[:2])
    assert establish(world.room, wanted, now=NOW) == calls[2:]
    world.tell(calls[2:])
    assert establish(world.room, wanted, now=NOW) == ()


def test_another_type_and_another_suite_are_added(world: World) -> None:
    fewer = replace(office(NEW), types=(HOUSEHOLD,))
    world.tell(establish(world.room, fewer, now=NOW))
    more = replace(fewer, types=(HOUSEHOLD, BUSINESS))

    (call,) = establish(world.room, more, now=NOW)
    assert (call.function, call.args[1]) == ("grant", [BUSINESS.encode()])


def test_a_right_that_was_withdrawn_is_not_asked_for_again(world: World) -> None:
    withdrawn = {"uscc": USCC.encode(), "types": [HOUSEHOLD.encode()], "until": NOW - 1}
    world.state.apply("GrantWithdrawn", withdrawn, time=NOW - 1, block=2)

    assert not world.state.may_issue(USCC, HOUSEHOLD, at=NOW, known_at=NOW)
    assert establish(world.room, office(), now=NOW) == ()


def test_keys_lie_in_custody_by_name(world: World) -> None:
    rotate_key(world.room, USCC, suite="ES256", now=NOW)

    assert {f"authority-{USCC}-ES256-{n}" for n in (1, 2)} <= set(world.room.keys.names())


def test_authorities_are_listed(world: World) -> None:
    assert [a.uscc for a in every_authority(world.room)] == sorted([USCC, OTHER])


def test_an_authority_stands_for_one_division(world: World) -> None:
    with pytest.raises(Conflict, match=r"issuer\.other"):
        establish(world.room, replace(office(), division="320508"), now=NOW)
    with pytest.raises(NotAllowed, match=r"issuer\.division"):
        establish(world.room, replace(office(NEW), division="310118"), now=NOW)
    with pytest.raises(NotAllowed, match=r"issuer\.division"):
        establish(world.room, replace(office(NEW), region=33, division="33"), now=NOW)
    with pytest.raises(Malformed, match=r"uscc\.check"):
        establish(world.room, office("91350100M000100Y44"), now=NOW)
    with pytest.raises(NotAllowed, match=r"suite\.verify_only"):
        establish(world.room, replace(office(NEW), suites=("EdDSA",)), now=NOW)


def test_a_retired_key_is_revoked_on_chain(world: World) -> None:
    (row, *_) = [key for key in world.rows("issuer_key") if key.uscc == USCC]
    call = retire_key(world.room, USCC, kid=row.kid, now=NOW)

    assert (call.function, call.args[0], call.args[3]) == ("revokeKey", 32, NOW)
    assert [key.active for key in world.rows("issuer_key") if key.kid == row.kid] == [0]
    with pytest.raises(NotFound, match=r"issuer\.unknown"):
        rotate_key(world.room, NEW, suite="ES256", now=NOW)
