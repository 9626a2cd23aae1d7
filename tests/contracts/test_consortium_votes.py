"""Proposals: who decides, once, in time, and whose votes count."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.contracts.consortium_world import (
    FAR,
    Refused,
    World,
    admin,
    found,
)
from tests.contracts.evm import Account, calldata

DIGEST = keccak(text="catalogue")
RELEASE = ("catalogue", "1.0.0", DIGEST, 1_800_000_000)
HEIR = Account.named("heir")


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5), (9, 7)])
def test_more_than_two_thirds_of_the_members_decide(refused: Refused, members: int, needed: int) -> None:
    young = found({region: f"r{region}" for region in range(31, 31 + members)})
    number = young.propose("publishRelease", *RELEASE)
    for region in range(31, 31 + needed - 1):
        young.chain.send(admin(region), young.consortium, "vote", number)
    with refused("ConsortiumTooFewVotes", needed - 1, members):
        young.chain.send(admin(31), young.consortium, "execute", number)
    young.chain.send(admin(30 + needed), young.consortium, "vote", number)
    young.chain.send(admin(31), young.consortium, "execute", number)
    assert young.chain.ask(young.consortium, "releaseCount") == 1


def test_proposing_is_not_voting(world: World) -> None:
    number = world.propose("publishRelease", *RELEASE)
    assert world.chain.ask(world.consortium, "proposal", number)[4] == 0
    assert not world.chain.ask(world.consortium, "hasVoted", number, 31)


def test_a_region_votes_once_even_with_a_new_admin(world: World, refused: Refused) -> None:
    number = world.propose("publishRelease", *RELEASE)
    world.chain.send(admin(31), world.consortium, "vote", number)
    with refused("ConsortiumVoted", number, 31):
        world.chain.send(admin(31), world.consortium, "vote", number)
    world.chain.send(admin(31), world.consortium, "transferAdmin", HEIR.address)
    with refused("ConsortiumVoted", number, 31):
        world.chain.send(HEIR, world.consortium, "vote", number)
    with refused("ConsortiumNotMember"):
        world.chain.send(admin(31), world.consortium, "vote", number)
    assert world.chain.ask(world.consortium, "proposal", number)[4] == 1


def test_a_proposal_is_executed_once(world: World, refused: Refused) -> None:
    world.decide("publishRelease", *RELEASE)
    number = world.chain.ask(world.consortium, "proposalCount")
    for function in ("execute", "vote"):
        with refused("ConsortiumExecuted", number):
            world.chain.send(admin(34), world.consortium, function, number)


def test_a_proposal_lives_to_the_last_second_that_it_names(world: World, refused: Refused) -> None:
    expiry = world.chain.time + 100
    number = world.propose("publishRelease", *RELEASE, expires_at=expiry)
    for region in (31, 32, 33):
        world.chain.send(admin(region), world.consortium, "vote", number)
    before = world.chain.snapshot()
    world.chain.time = expiry + 1
    for function in ("execute", "vote"):
        with refused("ConsortiumExpired", number):
            world.chain.send(admin(34), world.consortium, function, number)
    world.chain.revert(before)
    world.chain.time = expiry
    world.chain.send(admin(34), world.consortium, "execute", number)


@pytest.mark.parametrize("late", [0, 1])
def test_a_proposal_without_a_future_is_refused(world: World, refused: Refused, late: int) -> None:
    with refused("ConsortiumBadExpiry"):
        world.propose("publishRelease", *RELEASE, expires_at=world.chain.time * late)


@pytest.mark.parametrize(
    "action", [b"", b"\1\2\3", b"\xff" * 36, calldata("Consortium", "transferAdmin", HEIR.address)]
)
def test_an_unknown_action_is_refused_when_it_is_proposed(world: World, refused: Refused, action: bytes) -> None:
    with refused("ConsortiumUnknownAction"):
        world.chain.send(admin(31), world.consortium, "propose", action, FAR)


@pytest.mark.parametrize("number", [0, 99])
def test_an_unknown_proposal_is_refused(world: World, refused: Refused, number: int) -> None:
    for function in ("vote", "execute"):
        with refused("ConsortiumUnknownProposal", number):
            world.chain.send(admin(31), world.consortium, function, number)


def test_votes_of_removed_members_are_dropped_even_when_they_come_back(world: World, refused: Refused) -> None:
    number = world.propose("publishRelease", *RELEASE)
    for region in (32, 33, 34):
        world.chain.send(admin(region), world.consortium, "vote", number)
    world.decide("removeMember", 34)
    assert world.chain.ask(world.consortium, "proposal", number)[4] == 2
    with refused("ConsortiumTooFewVotes", 2, 3):
        world.chain.send(admin(31), world.consortium, "execute", number)
    world.decide("admitMember", 34, "安徽", admin(34).address)
    assert not world.chain.ask(world.consortium, "hasVoted", number, 34)
    world.chain.send(admin(34), world.consortium, "vote", number)
    world.chain.send(admin(34), world.consortium, "execute", number)
