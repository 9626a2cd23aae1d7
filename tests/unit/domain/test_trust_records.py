"""What each event leaves in the trust state, whole: no field is lost between the chain and whoever asks."""

from __future__ import annotations

import pytest

from ecert.domain.trust import Authority, Fact, KeyRecord, Member, Partner, Proposal, Release, TrustState
from tests.unit.domain.test_trust import ADDED, HOUSE, KEY, NAMED, OTHER, REGISTERED, USCC, Chain

ROLE, ACCOUNT, AGAIN = b"\x07" * 32, b"\x08" * 20, b"\x09" * 20


def test_a_member_is_admitted_changes_and_is_removed() -> None:
    chain = Chain().say("MemberAdmitted", region=32, name="江苏", admin=ACCOUNT)
    assert chain.state.members == {32: Member(32, "江苏", ACCOUNT, 10, None)}
    chain.say("AdminChanged", region=32, admin=AGAIN).say("MemberRemoved", region=32)
    assert chain.state.members == {32: Member(32, "江苏", AGAIN, 10, 30)}
    chain.say("AdminChanged", region=33, admin=AGAIN).say("MemberRemoved", region=33)
    assert set(chain.state.members) == {32}


def test_accounts_come_and_go() -> None:
    chain = Chain()
    for region, account, allowed in ((32, ACCOUNT, True), (32, AGAIN, True), (33, AGAIN, True), (32, ACCOUNT, False)):
        chain.say("AccountSet", region=region, role=ROLE, account=account, allowed=allowed)
    assert chain.state.accounts == {(32, ROLE): frozenset({AGAIN}), (33, ROLE): frozenset({AGAIN})}
    chain.say("MemberRemoved", region=32)
    assert chain.state.accounts == {(33, ROLE): frozenset({AGAIN})}


def test_a_proposal_gathers_votes_and_is_executed() -> None:
    chain = Chain().say("ProposalMade", id=5, region=32, action=b"call", expiresAt=99)
    assert chain.state.proposals == {5: Proposal(5, 32, b"call", 99, frozenset(), executed=False)}
    chain.say("Voted", id=5, region=31).say("Voted", id=5, region=33).say("ProposalExecuted", id=5)
    assert chain.state.proposals == {5: Proposal(5, 32, b"call", 99, frozenset({31, 33}), executed=True)}
    chain.say("Voted", id=6, region=31).say("ProposalExecuted", id=6)
    assert set(chain.state.proposals) == {5}


def test_contracts_and_releases_stand_in_their_order() -> None:
    chain = Chain().say("ContractAppointed", role=ROLE, contractAddress=ACCOUNT, fromBlock=9)
    chain.say("ContractAppointed", role=bytes(32), contractAddress=ACCOUNT, fromBlock=9)
    chain.say("ContractAppointed", role=ROLE, contractAddress=AGAIN, fromBlock=9)
    assert chain.state.contracts(ROLE) == [(ACCOUNT, 1), (AGAIN, 3)]
    chain.say("ReleasePublished", name="items", version="7", sha256Digest=b"\x05" * 32, effectiveFrom=50)
    assert chain.state.releases == [Release("items", "7", b"\x05" * 32, Fact(50, 40))]


def test_an_authority_s_record() -> None:
    chain = Chain().say("AuthorityRegistered", **REGISTERED)
    uscc = USCC.decode()
    assert chain.state.authorities == {uscc: Authority(uscc, "3205", "示例局", Fact(100, 10), None, None)}
    chain.say("AuthorityDissolved", uscc=USCC, dissolvedAt=500, successor=OTHER)
    ended = Authority(uscc, "3205", "示例局", Fact(100, 10), Fact(500, 20), OTHER.decode())
    assert chain.state.authorities == {uscc: ended}
    chain.say("AuthorityDissolved", uscc=USCC, dissolvedAt=400, successor=bytes(18))
    chain.say("AuthorityDissolved", uscc=OTHER, dissolvedAt=400, successor=bytes(18))
    assert chain.state.authorities == {uscc: ended}


def test_a_key_s_record() -> None:
    chain = Chain().say("KeyAdded", **ADDED | {"x509Hash": b"\x03" * 32})
    record = KeyRecord(
        region=32,
        owner=USCC.decode(),
        key_id=KEY,
        suite="ES256",
        purpose="certificate",
        spki=b"spki",
        not_before=Fact(100, 10),
        not_after=900,
        x509_hash=b"\x03" * 32,
    )
    assert chain.state.keys == {(32, USCC.decode(), KEY): record}
    assert (record.revoked, record.compromised) == ((), ())
    chain.say("KeyRevoked", **NAMED, revokedAt=300).say("KeyCompromised", **NAMED, since=200)
    chain.say("KeyRevoked", **NAMED, revokedAt=250).say("KeyCompromised", **NAMED, since=150)
    found = chain.state.key(region=32, owner=USCC.decode(), key_id=KEY)
    assert found is not None
    assert found.revoked == (Fact(300, 20), Fact(250, 40))
    assert found.compromised == (Fact(200, 30), Fact(150, 50))
    chain.say("KeyRevoked", **NAMED | {"region": 33}, revokedAt=1).say(
        "KeyCompromised", **NAMED | {"region": 33}, since=1
    )
    assert set(chain.state.keys) == {(32, USCC.decode(), KEY)}


def test_a_partner_s_record() -> None:
    told = {
        "region": 32,
        "uscc": OTHER,
        "name": "伙伴",
        "gatewayKey": b"key",
        "items": ["EC-0001", "EC-0002"],
        "until": 70,
    }
    chain = Chain().say("PartnerSponsored", **told)
    uscc = OTHER.decode()
    partner = Partner(32, uscc, "伙伴", b"key", ("EC-0001", "EC-0002"), 70, 10, None)
    assert chain.state.partners == {(32, uscc): partner}
    assert [partner.in_force(at) for at in (0, 69, 70)] == [True, True, False]
    chain.say("PartnerEnded", region=32, uscc=OTHER).say("PartnerEnded", region=33, uscc=OTHER)
    ended = chain.state.partners[32, uscc]
    assert (ended.ended, ended.in_force(0)) == (20, False)
    chain.say("PartnerSponsored", **told | {"until": 0})
    again = chain.state.partners[32, uscc]
    assert (again.until, again.known, again.in_force(2**62)) == (None, 40, True)


def test_who_was_never_spoken_of_is_unknown() -> None:
    state = TrustState()
    assert state.keys_of(KEY) == ()
    assert state.key(region=32, owner=None, key_id=KEY) is None
    assert state.recognises(accepting="31", type_code="x", issuing="32", at=1, known_at=1) is None
    assert not state.may_issue(USCC.decode(), HOUSE.decode(), at=1, known_at=1)
    assert (state.contracts(ROLE), state.partners, state.accounts, state.releases) == ([], {}, {}, [])


def test_any_other_event_changes_nothing() -> None:
    chain = Chain().say("BatchAnchored", region=32)
    assert chain.state == TrustState()


@pytest.mark.parametrize(("at", "known_at", "holds"), [(9, 9, False), (10, 5, True), (10, 4, False), (11, 6, True)])
def test_a_fact_holds_from_its_time_for_who_knew_it(at: int, known_at: int, *, holds: bool) -> None:
    assert Fact(10, 5).holds(at=at, known_at=known_at) is holds
