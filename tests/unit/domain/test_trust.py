from __future__ import annotations

from typing import Any

import pytest

from ecert.domain.trust import FOREVER, TrustState

USCC, OTHER = b"11329900MB0X00012A", b"11319900MB0X00012B"
HOUSE, ID_CARD = b"11100000MB03271699001", b"11100000000013127D001"
KEY = b"\x01" * 32
REGISTERED: dict[str, Any] = {"uscc": USCC, "division": 3205, "name": "示例局", "notBefore": 100}
ADDED: dict[str, Any] = {
    "region": 32,
    "authority": USCC,
    "keyId": KEY,
    "suite": "ES256",
    "purpose": "certificate",
    "spki": b"spki",
    "notBefore": 100,
    "notAfter": 900,
    "x509Hash": bytes(32),
}
NAMED = {"region": 32, "authority": USCC, "keyId": KEY}


class Chain:
    """A trust state and the block that comes next: each event stands in a block of its own, at ten times its number."""

    def __init__(self) -> None:
        self.state = TrustState()
        self.block = 0

    def say(self, name: str, /, **args: object) -> Chain:
        self.block += 1
        self.state.apply(name, args, time=10 * self.block, block=self.block)
        return self


def authority(chain: Chain) -> Any:  # noqa: ANN401 - read like the state's own value
    return chain.state.authorities[USCC.decode()]


def key(chain: Chain) -> Any:  # noqa: ANN401 - read like the state's own value
    found = chain.state.key(region=32, owner=USCC.decode(), key_id=KEY)
    assert found is not None
    return found


def test_an_authority_is_in_force_in_its_time_as_far_as_was_known() -> None:
    chain = Chain().say("AuthorityRegistered", **REGISTERED)
    chain.say("AuthorityDissolved", uscc=USCC, dissolvedAt=500, successor=bytes(18))
    who = authority(chain)

    assert [who.in_force(at=at, known_at=FOREVER) for at in (99, 100, 499, 500)] == [False, True, True, False]
    assert who.in_force(at=500, known_at=19)
    assert not who.in_force(at=200, known_at=9)
    assert (who.successor, who.dissolved.known) == (None, 20)


def test_a_registration_again_in_a_succeeding_registry_washes_nothing_away() -> None:
    chain = Chain().say("AuthorityRegistered", **REGISTERED).say("KeyAdded", **ADDED)
    chain.say("AuthorityDissolved", uscc=USCC, dissolvedAt=500, successor=OTHER)
    chain.say("KeyCompromised", **NAMED, since=300).say("KeyRevoked", **NAMED, revokedAt=400)
    before = authority(chain), key(chain)
    chain.say("AuthorityRegistered", **REGISTERED | {"division": 31}).say("KeyAdded", **ADDED | {"notAfter": 0})

    assert (authority(chain), key(chain)) == before
    assert chain.state.keys_of(KEY) == (key(chain),)


def test_a_key_has_its_period() -> None:
    record = key(Chain().say("KeyAdded", **ADDED))
    assert [record.in_period(at) for at in (99, 100, 899, 900)] == [False, True, True, False]
    assert (record.is_known(9), record.is_known(10), record.x509_hash) == (False, True, None)

    open_ended = key(Chain().say("KeyAdded", **ADDED | {"notAfter": 0, "x509Hash": b"\x02" * 32}))
    assert open_ended.in_period(FOREVER)
    assert open_ended.x509_hash == b"\x02" * 32


@pytest.mark.parametrize(
    ("event", "field", "asks"),
    [("KeyRevoked", "revokedAt", "is_revoked"), ("KeyCompromised", "since", "is_compromised")],
)
def test_an_earlier_time_told_later_counts_only_for_who_knew_it(event: str, field: str, asks: str) -> None:
    chain = Chain().say("KeyAdded", **ADDED).say(event, **NAMED, **{field: 500}).say(event, **NAMED, **{field: 300})
    ask = getattr(key(chain), asks)

    assert [ask(at=400, known_at=known) for known in (19, 20, 29, 30)] == [False, False, False, True]
    assert [ask(at=500, known_at=known) for known in (19, 20, 29, 30)] == [False, True, True, True]
    assert not ask(at=299, known_at=FOREVER)


def test_a_key_belongs_to_its_region_and_owner() -> None:
    chain = Chain().say("KeyAdded", **ADDED).say("KeyAdded", **ADDED | {"region": 31, "authority": OTHER})
    chain.say("KeyAdded", **ADDED | {"authority": bytes(18), "purpose": "code"})
    chain.say("KeyRevoked", region=31, authority=OTHER, keyId=KEY, revokedAt=1)

    assert not key(chain).is_revoked(at=FOREVER, known_at=FOREVER)
    assert [(k.region, k.owner) for k in chain.state.keys_of(KEY)] == [
        (32, USCC.decode()),
        (31, OTHER.decode()),
        (32, None),
    ]


def may(chain: Chain, at: int, known_at: int = FOREVER) -> bool:
    return chain.state.may_issue(USCC.decode(), HOUSE.decode(), at=at, known_at=known_at)


def test_a_grant_holds_from_its_time_until_it_is_withdrawn() -> None:
    chain = Chain().say("TypesGranted", uscc=USCC, types=[HOUSE, ID_CARD], **{"from": 100})
    chain.say("GrantWithdrawn", uscc=USCC, types=[HOUSE], until=500)

    assert [may(chain, at) for at in (99, 100, 499, 500)] == [False, True, True, False]
    assert (may(chain, 500, known_at=19), may(chain, 200, known_at=9)) == (True, False)
    assert chain.state.may_issue(USCC.decode(), ID_CARD.decode(), at=600, known_at=FOREVER)
    assert not chain.state.may_issue(OTHER.decode(), HOUSE.decode(), at=600, known_at=FOREVER)


def test_a_grant_given_again_closes_the_gap_only_from_its_own_time() -> None:
    chain = Chain().say("TypesGranted", uscc=USCC, types=[HOUSE], **{"from": 100})
    chain.say("GrantWithdrawn", uscc=USCC, types=[HOUSE], until=500)
    chain.say("TypesGranted", uscc=USCC, types=[HOUSE], **{"from": 800})
    assert [may(chain, at) for at in (499, 500, 799, 800)] == [True, False, False, True]


def recognised(chain: Chain, accepting: str, issuing: str, **times: int) -> bool | None:
    asked = {"at": 200, "known_at": FOREVER} | times
    return chain.state.recognises(accepting=accepting, type_code=HOUSE.decode(), issuing=issuing, **asked)


def say_recognised(chain: Chain, accepting: int, issuing: int, *, accepted: bool, since: int = 100) -> Chain:
    cells = {"types": [HOUSE], "issuing": [issuing], "accepted": [accepted]}
    return chain.say("RecognitionSet", accepting=accepting, **cells, **{"from": since})


def test_the_narrowest_recognition_wins_then_the_latest() -> None:
    chain = say_recognised(Chain(), 31, 32, accepted=True)
    assert recognised(chain, "310118", "320509") is True
    assert recognised(chain, "32", "320509") is None
    say_recognised(chain, 310118, 32, accepted=False)
    assert (recognised(chain, "310118", "320509"), recognised(chain, "310104", "320509")) == (False, True)
    say_recognised(chain, 310118, 320509, accepted=True)
    assert (recognised(chain, "310118", "320509"), recognised(chain, "310118", "3201")) == (True, False)
    say_recognised(chain, 310118, 320509, accepted=False, since=150)
    assert [recognised(chain, "310118", "320509", at=at) for at in (99, 100, 150)] == [None, True, False]
    assert recognised(chain, "310118", "320509", known_at=30) is True


def test_the_accepting_divisions_narrowness_comes_before_the_issuing_ones() -> None:
    chain = say_recognised(Chain(), 310118, 32, accepted=True)
    say_recognised(chain, 31, 320509, accepted=False)
    assert (recognised(chain, "310118", "320509"), recognised(chain, "310104", "320509")) == (True, False)


def test_members_come_go_and_take_their_accounts_with_them() -> None:
    chain = Chain().say("MemberAdmitted", region=33, name="浙江", admin=b"a" * 20)
    role = b"r" * 32
    chain.say("AccountSet", region=33, role=role, account=b"x" * 20, allowed=True)
    chain.say("AccountSet", region=33, role=role, account=b"y" * 20, allowed=True)
    chain.say("AccountSet", region=33, role=role, account=b"x" * 20, allowed=False)
    assert chain.state.accounts == {(33, role): frozenset({b"y" * 20})}

    chain.say("AdminChanged", region=33, admin=b"b" * 20).say("MemberRemoved", region=33)
    gone = chain.state.members[33]
    assert (gone.admin, gone.admitted, gone.removed, chain.state.accounts) == (b"b" * 20, 10, 60, {})


def test_a_proposal_gathers_votes_and_is_executed() -> None:
    chain = Chain().say("ProposalMade", id=1, region=31, action=b"act", expiresAt=900)
    chain.say("Voted", id=1, region=31).say("Voted", id=1, region=33).say("ProposalExecuted", id=1)
    proposal = chain.state.proposals[1]

    assert (proposal.region, proposal.action, proposal.expires_at) == (31, b"act", 900)
    assert (proposal.votes, proposal.executed) == (frozenset({31, 33}), True)


def test_two_regions_sponsor_one_partner_each_for_itself() -> None:
    partner = {"uscc": OTHER, "name": "示例伙伴", "gatewayKey": b"g", "items": ["i-1"], "until": 0}
    chain = Chain().say("PartnerSponsored", region=31, **partner)
    chain.say("PartnerSponsored", region=32, **partner | {"gatewayKey": b"h", "until": 500})
    chain.say("PartnerEnded", region=32, uscc=OTHER)
    ours, theirs = (chain.state.partners[region, OTHER.decode()] for region in (31, 32))

    assert (ours.gateway_key, ours.until, ours.in_force(FOREVER)) == (b"g", None, True)
    assert (theirs.gateway_key, theirs.ended, theirs.in_force(1)) == (b"h", 30, False)


def test_releases_and_the_directory_are_kept_in_order() -> None:
    chain = Chain().say("ContractAppointed", role=b"r", contractAddress=b"1", fromBlock=1)
    chain.say("ContractAppointed", role=b"s", contractAddress=b"2", fromBlock=2)
    chain.say("ContractAppointed", role=b"r", contractAddress=b"3", fromBlock=3)
    chain.say("ReleasePublished", name="items", version="1", sha256Digest=b"d" * 32, effectiveFrom=77)

    assert list(chain.state.contracts(b"r")) == [(b"1", 1), (b"3", 3)]
    assert [(r.name, r.effective_from.when, r.effective_from.known) for r in chain.state.releases] == [
        ("items", 77, 40)
    ]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("", {}),
        ("BatchAnchored", {"region": 31}),
        ("MemberRemoved", {"region": 99}),
        ("AdminChanged", {"region": 99, "admin": b"a"}),
        ("Voted", {"id": 9, "region": 31}),
        ("ProposalExecuted", {"id": 9}),
        ("AuthorityDissolved", {"uscc": OTHER, "dissolvedAt": 1, "successor": bytes(18)}),
        ("KeyRevoked", NAMED | {"revokedAt": 1}),
        ("KeyCompromised", NAMED | {"since": 1}),
        ("PartnerEnded", {"region": 31, "uscc": OTHER}),
    ],
)
def test_an_event_about_nothing_known_changes_nothing_and_stops_nobody(name: str, args: dict[str, Any]) -> None:
    assert Chain().say(name, **args).state == TrustState()


def test_a_code_that_is_no_ascii_stops_nobody_and_equals_nothing() -> None:
    chain = Chain().say("AuthorityRegistered", **REGISTERED | {"uscc": b"\xff" * 18})
    assert list(chain.state.authorities) == ["\xff" * 18]


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"11329900MB0X00012X", "11329900MB0X00012X"),
        (b"X1329900MB0X00012A", "X1329900MB0X00012A"),
        (b"ABC" + bytes(15), "ABC"),
        (b"\0ABC", "\0ABC"),
        (b"\xffA", "\xffA"),
    ],
)
def test_a_code_loses_the_zeros_behind_it_and_nothing_else(raw: bytes, read: str) -> None:
    chain = Chain().say("AuthorityRegistered", **REGISTERED | {"uscc": raw})

    assert list(chain.state.authorities) == [read]


@pytest.mark.parametrize("short", ["types", "issuing", "accepted"])
def test_a_recognition_s_lists_are_of_one_length(short: str) -> None:
    lists = {"types": (HOUSE, ID_CARD), "issuing": (31, 32), "accepted": (True, True)}
    with pytest.raises(ValueError, match=r"zip\(\)"):
        Chain().say("RecognitionSet", **{"accepting": 32, "from": 100} | lists | {short: lists[short][:1]})
