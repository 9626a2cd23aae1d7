"""Members, accounts, the directory and releases."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from tests.contracts.consortium_world import (
    ANCHOR,
    AUDIT,
    DEPLOYER,
    FAR,
    FIFTH,
    NO,
    REGIONS,
    STATUS,
    STRANGER,
    TRUST,
    YES,
    Refused,
    World,
    admin,
    clerk,
    found,
)
from tests.contracts.evm import NOBODY, Account, calldata

DIGEST = keccak(text="catalogue")
RELEASE = ("catalogue", "1.0.0", DIGEST, 1_800_000_000)
HEIR = Account.named("heir")
ONLY_BY_VOTE = [
    ("admitMember", (FIFTH, "江西", HEIR.address)),
    ("removeMember", (34,)),
    ("healAdmin", (34, HEIR.address)),
    ("appointContract", (TRUST, HEIR.address)),
    ("publishRelease", RELEASE),
]


@pytest.mark.parametrize(("function", "arguments"), ONLY_BY_VOTE)
@pytest.mark.parametrize("caller", [STRANGER, admin(31)], ids=["stranger", "admin"])
def test_what_needs_a_vote_is_refused_to_everybody(
    world: World, refused: Refused, function: str, arguments: tuple[Any, ...], caller: Account
) -> None:
    with refused("ConsortiumOnlyByVote"):
        world.chain.send(caller, world.consortium, function, *arguments)


def test_a_stranger_neither_proposes_nor_votes_nor_executes_nor_hands_over(world: World, refused: Refused) -> None:
    number = world.propose("publishRelease", *RELEASE)
    action = calldata("Consortium", "removeMember", 34)
    for function, arguments in (
        ("propose", (action, FAR)),
        ("vote", (number,)),
        ("execute", (number,)),
        ("transferAdmin", (HEIR.address,)),
    ):
        with refused("ConsortiumNotMember"):
            world.chain.send(STRANGER, world.consortium, function, *arguments)


@pytest.mark.parametrize("caller", [STRANGER, admin(32), clerk(31, "anchor")], ids=["stranger", "other", "clerk"])
def test_accounts_are_set_by_the_regions_own_admin_alone(world: World, refused: Refused, caller: Account) -> None:
    with refused("ConsortiumNotAdmin"):
        world.chain.send(caller, world.consortium, "setAccount", 31, ANCHOR, HEIR.address, YES)


def test_an_account_acts_in_its_own_region_and_role_until_it_is_forbidden(world: World) -> None:
    def may(region: int, role: bytes) -> bool:
        return world.chain.ask(world.consortium, "mayAct", region, role, clerk(31, "anchor").address)

    assert [may(31, ANCHOR), may(31, STATUS), may(31, AUDIT), may(32, ANCHOR)] == [True, False, False, False]
    account = clerk(31, "anchor").address
    world.chain.send(admin(31), world.consortium, "setAccount", 31, ANCHOR, account, NO)
    assert not may(31, ANCHOR)


def test_a_removed_member_can_do_nothing_and_its_accounts_stay_dead(world: World, refused: Refused) -> None:
    account = clerk(34, "anchor").address
    world.decide("removeMember", 34)
    assert world.chain.ask(world.consortium, "adminOf", 34) == "0x" + NOBODY.hex()
    assert not world.chain.ask(world.consortium, "mayAct", 34, ANCHOR, account)
    with refused("ConsortiumNotMember"):
        world.propose("publishRelease", *RELEASE, region=34)
    with refused("ConsortiumNotAdmin"):
        world.chain.send(admin(34), world.consortium, "setAccount", 34, ANCHOR, account, YES)
    world.decide("admitMember", 34, "安徽", admin(34).address)
    assert not world.chain.ask(world.consortium, "mayAct", 34, ANCHOR, account)


def test_the_last_member_stays(refused: Refused) -> None:
    alone = found({31: "上海"})
    with refused("ConsortiumEmpty"):
        alone.decide("removeMember", 31, voters=(31,))


def test_a_lost_admin_is_healed_by_vote(world: World, refused: Refused) -> None:
    world.decide("healAdmin", 34, HEIR.address)
    assert world.chain.ask(world.consortium, "regionOf", HEIR.address) == 34
    with refused("ConsortiumNotMember"):
        world.propose("publishRelease", *RELEASE, region=34)
    assert world.chain.ask(world.consortium, "mayAct", 34, ANCHOR, clerk(34, "anchor").address)


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        ("admitMember", (31, "上海", HEIR.address), "ConsortiumMemberKnown"),
        ("admitMember", (9, "九", HEIR.address), "ConsortiumBadRegion"),
        ("admitMember", (100, "百", HEIR.address), "ConsortiumBadRegion"),
        ("admitMember", (FIFTH, "", HEIR.address), "ConsortiumBlank"),
        ("admitMember", (FIFTH, "江西", NOBODY), "ConsortiumZeroAddress"),
        ("admitMember", (FIFTH, "江西", admin(31).address), "ConsortiumAdminTaken"),
        ("removeMember", (FIFTH,), "ConsortiumUnknownMember"),
        ("healAdmin", (FIFTH, HEIR.address), "ConsortiumUnknownMember"),
        ("healAdmin", (34, NOBODY), "ConsortiumZeroAddress"),
        ("healAdmin", (34, admin(34).address), "ConsortiumAdminTaken"),
        ("healAdmin", (34, admin(31).address), "ConsortiumAdminTaken"),
        ("appointContract", (b"\0" * 32, HEIR.address), "ConsortiumBlank"),
        ("appointContract", (TRUST, HEIR.address), "ConsortiumNotContract"),
        ("publishRelease", ("", "1", DIGEST, 1), "ConsortiumBlank"),
        ("publishRelease", ("items", "", DIGEST, 1), "ConsortiumBlank"),
        ("publishRelease", ("items", "1", b"\0" * 32, 1), "ConsortiumBlank"),
    ],
)
def test_a_vote_cannot_do_what_makes_no_sense_and_leaves_nothing(
    world: World, refused: Refused, function: str, arguments: tuple[Any, ...], error: str
) -> None:
    with refused(error):
        world.decide(function, *arguments)
    number = world.chain.ask(world.consortium, "proposalCount")
    assert world.chain.ask(world.consortium, "proposal", number)[3:] == (False, 3)


def test_an_admin_hands_over_to_a_free_account_only(world: World, refused: Refused) -> None:
    for address, error in ((NOBODY, "ConsortiumZeroAddress"), (admin(32).address, "ConsortiumAdminTaken")):
        with refused(error):
            world.chain.send(admin(31), world.consortium, "transferAdmin", address)
    receipt = world.chain.send(admin(31), world.consortium, "transferAdmin", HEIR.address)
    assert receipt.events[0].values == {"region": 31, "admin": "0x" + HEIR.address.hex()}


@pytest.mark.parametrize(
    ("role", "account", "error"),
    [(ANCHOR, NOBODY, "ConsortiumZeroAddress"), (b"\0" * 32, HEIR.address, "ConsortiumBlank")],
)
def test_an_account_is_somebody_in_some_role(
    world: World, refused: Refused, role: bytes, account: bytes, error: str
) -> None:
    with refused(error):
        world.chain.send(admin(31), world.consortium, "setAccount", 31, role, account, YES)


def test_the_directory_closes_one_entry_as_it_opens_the_next(world: World, refused: Refused) -> None:
    second, _ = world.chain.deploy(DEPLOYER, "TrustRegistry", world.consortium.address)
    receipt = world.decide("appointContract", TRUST, second.address)
    first_entry, second_entry = world.chain.ask(world.consortium, "directory", TRUST)
    assert first_entry[0] == "0x" + world.trust.address.hex()
    assert first_entry[2] == receipt.block
    assert second_entry == ("0x" + second.address.hex(), receipt.block, 0)
    assert world.chain.ask(world.consortium, "current", TRUST) == "0x" + second.address.hex()
    assert not world.chain.ask(world.consortium, "isCurrent", TRUST, world.trust.address)
    with refused("ConsortiumContractKnown"):
        world.decide("appointContract", TRUST, world.trust.address)


def test_an_unappointed_role_has_no_contract(world: World) -> None:
    role = keccak(text="nobody")
    assert world.chain.ask(world.consortium, "directory", role) == ()
    assert world.chain.ask(world.consortium, "current", role) == "0x" + NOBODY.hex()
    assert not world.chain.ask(world.consortium, "isCurrent", role, NOBODY)


def test_releases_are_appended_once_each(world: World, refused: Refused) -> None:
    world.decide("publishRelease", *RELEASE)
    with refused("ConsortiumReleaseKnown", "catalogue", "1.0.0"):
        world.decide("publishRelease", "catalogue", "1.0.0", keccak(text="other"), 1)
    world.decide("publishRelease", "catalogue", "1.0.1", keccak(text="other"), 1)
    assert world.chain.ask(world.consortium, "releaseCount") == 2
    assert world.chain.ask(world.consortium, "release", 0) == RELEASE
    with refused("ConsortiumUnknownRelease", 2):
        world.chain.ask(world.consortium, "release", 2)


def test_the_members_are_listed(world: World) -> None:
    world.decide("removeMember", 32)
    rows = world.chain.ask(world.consortium, "members")
    assert {row[0]: row[1] for row in rows} == {k: v for k, v in REGIONS.items() if k != 32}


@pytest.mark.parametrize(
    ("founders", "error"),
    [
        (([], [], []), "ConsortiumEmpty"),
        (([31], ["a", "b"], [HEIR.address]), "ConsortiumUnequalLists"),
        (([31], ["a"], []), "ConsortiumUnequalLists"),
        (([31, 31], ["a", "b"], [HEIR.address, STRANGER.address]), "ConsortiumMemberKnown"),
        (([31, 32], ["a", "b"], [HEIR.address, HEIR.address]), "ConsortiumAdminTaken"),
    ],
)
def test_founders_are_at_least_one_and_each_once(refused: Refused, founders: tuple[Any, ...], error: str) -> None:
    with refused(error):
        World().chain.deploy(DEPLOYER, "Consortium", *founders)


def test_a_fifth_region_does_everything(world: World) -> None:
    world.decide("admitMember", FIFTH, "江西", admin(FIFTH).address)
    world.seat_clerks(FIFTH)
    chain, boss = world.chain, admin(FIFTH)
    office, kind = b"11993600MB00000011", b"0" * 18 + b"005"
    chain.send(boss, world.trust, "registerAuthority", office, 360100, "示例局", 1)
    chain.send(boss, world.trust, "addKey", FIFTH, office, "ES256", "certificate", b"spki", 1, 0, b"\0" * 32)
    chain.send(boss, world.trust, "grant", office, [kind], 1)
    chain.send(boss, world.trust, "recognise", FIFTH, [kind], [31], [True], 1)
    chain.send(clerk(FIFTH, "status"), world.status, "createList", FIFTH, 1, 1024)
    chain.send(clerk(FIFTH, "status"), world.status, "setStatus", FIFTH, 1, [5], 2, 1)
    batch = (FIFTH, 1, 1, DIGEST, 1, 1, b"\0" * 32)
    chain.send(clerk(FIFTH, "anchor"), world.anchor, "anchor", *batch)
    world.decide("publishRelease", *RELEASE, voters=(FIFTH, 31, 32, 33))
    assert chain.ask(world.status, "statusOf", FIFTH, 1, 5) == 2
