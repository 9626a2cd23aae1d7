"""A status list is as old as what was followed, and an outage is told as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ecert.domain import jws
from ecert.domain.errors import Unavailable
from ecert.domain.status import TYP
from issuer import status_list_token
from issuer.status_lists import EXPIRES_SECONDS
from ledger.port import Head
from tests.unit.issuer.world import NOW

if TYPE_CHECKING:
    from tests.unit.issuer.world import World


HEAD = Head(7, bytes(32), NOW)


@dataclass(frozen=True)
class Followed:
    head: Head = HEAD

    def bitmap(self, *, region: int, number: int) -> bytes | None:
        return bytes(256) if (region, number) == (32, 1) else None


def test_a_list_that_was_not_followed_for_an_hour_is_not_handed_out(world: World) -> None:
    names = {"region": 32, "number": 1}

    assert status_list_token(world.room, Followed(), **names, now=NOW + EXPIRES_SECONDS - 1)
    with pytest.raises(Unavailable, match=r"status\.stale_list"):
        status_list_token(world.room, Followed(), **names, now=NOW + EXPIRES_SECONDS)


@dataclass
class Running:
    """Somebody else follows a block just while the bits are copied."""

    head: Head = HEAD

    def bitmap(self, *, region: int, number: int) -> bytes | None:
        self.head = Head(8, bytes(32), NOW + 60)
        return bytes(256) if (region, number) == (32, 1) else None


def test_a_list_never_claims_to_be_younger_than_its_bits(world: World) -> None:
    token = status_list_token(world.room, Running(), region=32, number=1, now=NOW + 60)

    assert jws.parse(token, typ=TYP, limit=10_000).claims["iat"] == NOW
