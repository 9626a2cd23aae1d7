"""Authorities, keys, grants, recognitions and partners."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.consortium_world import (
    DEPLOYER,
    IDENTITY,
    LICENCE,
    STRANGER,
    TRUST,
    Ask,
    Refused,
    Send,
    World,
    admin,
    clerk,
)

if TYPE_CHECKING:
    from tests.contracts.evm import Receipt

OFFICE, HEIR_OFFICE, FOREIGN = b"11993100MB00000011", b"11993100MB00000022", b"11993200MB00000033"
NONE18, NONE32 = b"\0" * 18, b"\0" * 32
SPKI = bytes(range(91))
KEY_ID = hashlib.sha256(SPKI).digest()
PARTNER = b"11993600MB00000099"
KEY = (31, OFFICE, "ES256", "certificate", SPKI, 100, 200, NONE32)
REGION_KEY = (31, NONE18, "ES256", "code", SPKI, 100, 200, NONE32)
SPONSORSHIP = (31, PARTNER, "示例省平台", SPKI, ["310000-001", "310000-002"], 0)
WRITES = [
    ("registerAuthority", (HEIR_OFFICE, 310118, "示例局", 1)),
    ("dissolveAuthority", (OFFICE, 500, NONE18)),
    ("addKey", (*KEY[:4], b"other", *KEY[5:])),
    ("addKey", REGION_KEY),
    ("revokeKey", (31, OFFICE, KEY_ID, 150)),
    ("declareCompromised", (31, OFFICE, KEY_ID, 150)),
    ("grant", (OFFICE, [LICENCE], 100)),
    ("withdrawGrant", (OFFICE, [IDENTITY], 300)),
    ("recognise", (310118, [IDENTITY], [32], [True], 100)),
    ("sponsorPartner", SPONSORSHIP),
    ("endSponsorship", (31, FOREIGN)),
]


@pytest.fixture
def trust(world: World) -> Send:
    """An office of region 31 with a key, a grant and a partner; one office of region 32."""

    def write(function: str, *arguments: object, region: int = 31) -> Receipt:
        return world.chain.send(admin(region), world.trust, function, *arguments)

    write("registerAuthority", OFFICE, 310118, "示例证照局", 50)
    write("registerAuthority", FOREIGN, 320509, "示例邻省局", 50, region=32)
    write("addKey", *KEY)
    write("grant", OFFICE, [IDENTITY], 100)
    write("sponsorPartner", 31, FOREIGN, "示例", SPKI, ["i"], 0)
    return write


@pytest.fixture
def ask(world: World) -> Ask:
    return lambda function, *arguments: world.chain.ask(world.trust, function, *arguments)


@pytest.mark.parametrize(("function", "arguments"), WRITES)
def test_every_write_is_the_regions_admins(
    world: World, trust: Send, refused: Refused, function: str, arguments: tuple[Any, ...]
) -> None:
    for caller in (STRANGER, admin(32), clerk(31, "anchor"), clerk(31, "status")):
        with refused("AppointedNotAdmin"):
            world.chain.send(caller, world.trust, function, *arguments)
    trust(function, *arguments)


@pytest.mark.parametrize(("function", "arguments"), WRITES)
def test_a_removed_member_writes_nothing(
    world: World, trust: Send, refused: Refused, function: str, arguments: tuple[Any, ...]
) -> None:
    world.decide("removeMember", 31, voters=(32, 33, 34))
    with refused("AppointedNotAdmin"):
        trust(function, *arguments)


@pytest.mark.parametrize(("function", "arguments"), WRITES)
def test_a_succeeded_registry_accepts_nothing_more(
    world: World, trust: Send, refused: Refused, function: str, arguments: tuple[Any, ...]
) -> None:
    second, _ = world.chain.deploy(DEPLOYER, "TrustRegistry", world.consortium.address)
    with refused("AppointedNotCurrent", TRUST):
        world.chain.send(admin(31), second, function, *arguments)
    world.decide("appointContract", TRUST, second.address)
    with refused("AppointedNotCurrent", TRUST):
        trust(function, *arguments)
    world.chain.send(admin(31), second, "registerAuthority", OFFICE, 310118, "示例", 1)
    assert world.chain.ask(world.trust, "authorityOf", OFFICE)[4] == "示例证照局"


@pytest.mark.parametrize(("function", "arguments"), WRITES)
def test_one_fact_is_one_event_with_the_calls_own_fields(
    trust: Send, function: str, arguments: tuple[Any, ...]
) -> None:
    (event,) = trust(function, *arguments).events
    fields = dict(event.values)
    if function == "addKey":
        assert fields.pop("keyId") == hashlib.sha256(arguments[4]).digest()
    listed = tuple(list(value) if isinstance(value, tuple) else value for value in fields.values())
    assert listed == arguments


def test_an_authority_is_registered_once_in_its_own_region(trust: Send, ask: Ask, refused: Refused) -> None:
    assert ask("authorityOf", OFFICE) == (310118, 50, 0, NONE18, "示例证照局")
    with refused("TrustAuthorityKnown", OFFICE):
        trust("registerAuthority", OFFICE, 310118, "again", 50)
    with refused("TrustAuthorityKnown", OFFICE):
        trust("registerAuthority", OFFICE, 320509, "squatted", 50, region=32)
    with refused("TrustUnknownAuthority", HEIR_OFFICE):
        ask("authorityOf", HEIR_OFFICE)


@pytest.mark.parametrize("division", [0, 3, 9, 100, 310, 31011, 1_000_000, 3101180])
def test_a_division_has_two_four_or_six_digits(trust: Send, refused: Refused, division: int) -> None:
    with refused("TrustBadDivision", division):
        trust("registerAuthority", HEIR_OFFICE, division, "示例", 1)


@pytest.mark.parametrize("division", [31, 3101, 310118])
def test_a_region_covers_what_begins_with_its_digits(trust: Send, ask: Ask, division: int) -> None:
    trust("registerAuthority", HEIR_OFFICE, division, "示例", 1)
    assert ask("authorityOf", HEIR_OFFICE)[0] == division


@pytest.mark.parametrize("arguments", [(NONE18, 31, "示例", 1), (HEIR_OFFICE, 31, "", 1)])
def test_an_authority_has_a_code_and_a_name(trust: Send, refused: Refused, arguments: tuple[Any, ...]) -> None:
    with refused("TrustBlank"):
        trust("registerAuthority", *arguments)


def test_an_authority_is_dissolved_once(trust: Send, ask: Ask, refused: Refused) -> None:
    trust("dissolveAuthority", OFFICE, 500, FOREIGN)
    assert ask("authorityOf", OFFICE)[2:4] == (500, FOREIGN)
    with refused("TrustAuthorityDissolved", OFFICE):
        trust("dissolveAuthority", OFFICE, 400, NONE18)


@pytest.mark.parametrize(
    ("at", "successor", "error"),
    [
        (0, NONE18, "TrustBadTime"),
        (49, NONE18, "TrustBadTime"),
        (500, OFFICE, "TrustBadSuccessor"),
        (500, HEIR_OFFICE, "TrustUnknownAuthority"),
    ],
)
def test_a_dissolution_needs_a_time_and_a_known_successor(
    trust: Send, refused: Refused, at: int, successor: bytes, error: str
) -> None:
    with refused(error):
        trust("dissolveAuthority", OFFICE, at, successor)
    with refused("TrustUnknownAuthority"):
        trust("dissolveAuthority", HEIR_OFFICE, 500, NONE18)


def test_a_key_is_named_by_region_owner_and_id(trust: Send, ask: Ask, refused: Refused) -> None:
    assert ask("keyOf", 31, OFFICE, KEY_ID) == (100, 200, 0, 0, NONE32, "ES256", "certificate")
    with refused("TrustKeyKnown", KEY_ID):
        trust("addKey", *KEY)
    trust("addKey", *REGION_KEY)
    trust("addKey", 32, FOREIGN, *KEY[2:], region=32)
    trust("revokeKey", 32, FOREIGN, KEY_ID, 150, region=32)
    assert ask("keyOf", 31, OFFICE, KEY_ID)[2] == 0
    with refused("TrustUnknownKey", KEY_ID):
        ask("keyOf", 32, OFFICE, KEY_ID)


@pytest.mark.parametrize("purpose", ["code", "gateway", "receipt", "status"])
def test_a_regions_own_keys_have_the_four_purposes(trust: Send, ask: Ask, refused: Refused, purpose: str) -> None:
    trust("addKey", 31, NONE18, "SM2-SM3", purpose, purpose.encode(), 1, 0, NONE32)
    assert ask("keyOf", 31, NONE18, hashlib.sha256(purpose.encode()).digest())[6] == purpose
    with refused("TrustBadPurpose", purpose):
        trust("addKey", 31, OFFICE, "SM2-SM3", purpose, purpose.encode(), 1, 0, NONE32)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({1: NONE18}, "TrustBadPurpose"),
        ({1: FOREIGN}, "TrustOtherRegion"),
        ({1: HEIR_OFFICE}, "TrustUnknownAuthority"),
        ({2: ""}, "TrustBlank"),
        ({3: ""}, "TrustBadPurpose"),
        ({3: "Certificate"}, "TrustBadPurpose"),
        ({4: b""}, "TrustBlank"),
        ({6: 100}, "TrustBadTime"),
        ({6: 99}, "TrustBadTime"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    trust: Send, refused: Refused, change: dict[int, Any], error: str
) -> None:
    with refused(error):
        trust("addKey", *(change.get(i, value) for i, value in enumerate(KEY)))


@pytest.mark.parametrize(("function", "field"), [("revokeKey", 2), ("declareCompromised", 3)])
def test_only_an_earlier_time_replaces_a_standing_one(
    trust: Send, ask: Ask, refused: Refused, function: str, field: int
) -> None:
    with refused("TrustBadTime", 0):
        trust(function, 31, OFFICE, KEY_ID, 0)
    trust(function, 31, OFFICE, KEY_ID, 150)
    for later in (150, 151):
        with refused("TrustNotEarlier", 150, later):
            trust(function, 31, OFFICE, KEY_ID, later)
    trust(function, 31, OFFICE, KEY_ID, 120)
    assert ask("keyOf", 31, OFFICE, KEY_ID)[field] == 120
    with refused("TrustUnknownKey"):
        trust(function, 31, NONE18, KEY_ID, 150)


def test_a_grant_opens_closes_and_opens_again(trust: Send, ask: Ask, refused: Refused) -> None:
    assert ask("grantOf", OFFICE, IDENTITY) == (100, 0, True)
    assert ask("grantOf", OFFICE, LICENCE) == (0, 0, False)
    with refused("TrustGrantOpen", OFFICE, IDENTITY):
        trust("grant", OFFICE, [LICENCE, IDENTITY], 100)
    trust("withdrawGrant", OFFICE, [IDENTITY], 300)
    assert ask("grantOf", OFFICE, IDENTITY) == (100, 300, True)
    with refused("TrustNoGrant", OFFICE, IDENTITY):
        trust("withdrawGrant", OFFICE, [IDENTITY], 250)
    trust("grant", OFFICE, [IDENTITY, LICENCE], 400)
    assert ask("grantOf", OFFICE, IDENTITY) == (400, 0, True)


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        ("grant", (OFFICE, [], 1), "TrustBlank"),
        ("grant", (OFFICE, [b"\0" * 21], 1), "TrustBlank"),
        ("grant", (HEIR_OFFICE, [LICENCE], 1), "TrustUnknownAuthority"),
        ("grant", (OFFICE, [LICENCE, LICENCE], 1), "TrustGrantOpen"),
        ("withdrawGrant", (OFFICE, [], 1), "TrustBlank"),
        ("withdrawGrant", (OFFICE, [LICENCE], 1), "TrustNoGrant"),
        ("withdrawGrant", (OFFICE, [IDENTITY], 0), "TrustBadTime"),
        ("withdrawGrant", (OFFICE, [IDENTITY], 99), "TrustBadTime"),
        ("recognise", (31, [], [], [], 1), "TrustBlank"),
        ("recognise", (31, [b"\0" * 21], [32], [True], 1), "TrustBlank"),
        ("recognise", (31, [IDENTITY], [32, 33], [True], 1), "TrustUnequalLists"),
        ("recognise", (31, [IDENTITY], [32], [], 1), "TrustUnequalLists"),
        ("recognise", (31, [IDENTITY], [320], [True], 1), "TrustBadDivision"),
        ("recognise", (310, [IDENTITY], [32], [True], 1), "TrustBadDivision"),
        ("sponsorPartner", (31, NONE18, "a", b"k", ["i"], 0), "TrustBlank"),
        ("sponsorPartner", (31, PARTNER, "", b"k", ["i"], 0), "TrustBlank"),
        ("sponsorPartner", (31, PARTNER, "a", b"", ["i"], 0), "TrustBlank"),
        ("sponsorPartner", (31, PARTNER, "a", b"k", [], 0), "TrustBlank"),
        ("sponsorPartner", (31, PARTNER, "a", b"k", ["i"], 1), "TrustBadTime"),
        ("endSponsorship", (31, PARTNER), "TrustUnknownPartner"),
    ],
)
def test_what_makes_no_sense_is_refused(
    trust: Send, refused: Refused, function: str, arguments: tuple[Any, ...], error: str
) -> None:
    with refused(error):
        trust(function, *arguments)


def test_recognition_is_kept_by_exact_cell_and_the_latest_word_stands(trust: Send, ask: Ask) -> None:
    trust("recognise", 310118, [IDENTITY, LICENCE], [32, 3305], [True, False], 100)
    assert ask("recognitionOf", 310118, IDENTITY, 32) == (100, True, True)
    assert ask("recognitionOf", 310118, LICENCE, 3305) == (100, False, True)
    assert ask("recognitionOf", 310118, IDENTITY, 320509) == (0, False, False)
    assert ask("recognitionOf", 31, IDENTITY, 32) == (0, False, False)
    trust("recognise", 310118, [IDENTITY], [32], [False], 200)
    assert ask("recognitionOf", 310118, IDENTITY, 32) == (200, False, True)


def test_a_partner_is_sponsored_replaced_and_ended_by_its_own_sponsor(trust: Send, ask: Ask, refused: Refused) -> None:
    trust("sponsorPartner", *SPONSORSHIP)
    trust("sponsorPartner", 32, *SPONSORSHIP[1:], region=32)
    assert ask("partnerOf", 31, PARTNER) == (0, "示例省平台", SPKI, ("310000-001", "310000-002"))
    trust("sponsorPartner", 31, PARTNER, "改名", b"new key", ["310000-003"], 4_000_000_000)
    assert ask("partnerOf", 31, PARTNER) == (4_000_000_000, "改名", b"new key", ("310000-003",))
    trust("endSponsorship", 31, PARTNER)
    with refused("TrustUnknownPartner", 31, PARTNER):
        ask("partnerOf", 31, PARTNER)
    assert ask("partnerOf", 32, PARTNER)[1] == "示例省平台"
