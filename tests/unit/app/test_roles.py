"""A process does what its roles say: doors of other rooms are not there, and one that does not follow only looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ecert.app.asgi import create_app
from ecert.app.rounds import Rounds, Watching
from ecert.app.wiring import open_house
from ecert.domain.errors import Conflict
from tests.delta import driver
from tests.world import BEGINNING, Time, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecert.app.wiring import House

DOORS = {
    "issuer": "/api/v1/certificates",
    "wallet": "/api/v1/codes",
    "verifier": "/api/v1/verifications",
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """Two processes of one deployment, seen in one: the first follows, the second works beside it."""
    time, settings = Time(BEGINNING), settings_of(tmp_path_factory.mktemp("house"))
    follower = open_house(settings, time, drivers={"embedded": driver(time)})
    shared = {"embedded": lambda _rest, _settings, _clock: follower.floor.ledger}
    roles = frozenset({"issuer", "wallet", "verifier"})
    beside = open_house(replace(settings, roles=roles), time, drivers=shared)
    yield follower, beside
    beside.floor.database.close()
    follower.close()


def paths(house: House, *roles: str) -> set[str]:
    settings = replace(house.floor.settings, roles=frozenset(roles))
    narrowed = replace(house, floor=replace(house.floor, settings=settings))
    return set(create_app(narrowed).openapi()["paths"])


@pytest.mark.parametrize("role", sorted(DOORS))
def test_only_the_doors_of_its_roles_are_there(pair: tuple[House, House], role: str) -> None:
    told = paths(pair[0], role)

    assert {door for door in DOORS.values() if door in told} == {DOORS[role]}
    assert ("/api/v1/gateway/{region}/holdings" in told) == (role == "issuer")
    assert ("/api/v1/gateway/{region}/redemptions" in told) == (role == "wallet")
    assert {"/api/v1/chain", "/api/v1/gateway/{region}/audit/consistency"} <= told


def test_one_beside_the_follower_queues_and_sees_what_is_followed(pair: tuple[House, House]) -> None:
    follower, beside = pair
    assert (type(follower.rounds), type(beside.rounds), beside.writer) == (Rounds, Watching, None)
    with beside.floor.database.transaction() as connection:
        beside.audit.record(connection, region=31, kind="test", record={"a": 1}, now=beside.floor.now())
    assert not beside.anchoring.is_idle()

    follower.settle()
    beside.settle()

    assert beside.anchoring.is_idle()
    assert beside.replica.head == follower.replica.head
    assert beside.replica.audit_logs[31][-1].size == 1


def test_a_consortium_that_is_another_than_the_databases_is_refused(pair: tuple[House, House]) -> None:
    follower, _ = pair
    settings = replace(follower.floor.settings, consortium=b"\x01" * 20, roles=frozenset({"verifier"}))
    shared = {"embedded": lambda _rest, _settings, _clock: Unclosed(follower)}

    with pytest.raises(Conflict, match=r"ledger\.other_chain"):
        open_house(settings, follower.floor.clock, drivers=shared)


class Unclosed:
    """The follower's chain, which a house that does not open must not close under it."""

    def __init__(self, house: House) -> None:
        self._ledger = house.floor.ledger

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def close(self) -> None:
        """Leave it open."""
