from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.domain import jws
from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, Unavailable
from ecert.domain.signer import key_id
from ecert.domain.suites import generate, load_signer
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import CERTIFICATES, ReplicaWriter, open_replica
from ledger.trust_list import TYP, issue_trust_list, lay_out, read_trust_list

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.replica import Replica

NOW = 2_000
SIGNER, OTHER = (load_signer("ES256", generate("ES256")) for _ in range(2))
ANCHOR = b"\x0a" * 20
KEY: dict[str, Any] = {
    "region": 31,
    "authority": bytes(18),
    "keyId": key_id(SIGNER.spki),
    "suite": "ES256",
    "purpose": "gateway",
    "spki": SIGNER.spki,
    "notBefore": 1,
    "notAfter": 0,
    "x509Hash": bytes(32),
}
BATCH = {"region": 32, "kind": 1, "number": 1, "root": b"\x07" * 32, "hashAlg": 1, "size": 5, "previous": bytes(32)}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("MemberAdmitted", {"region": 31, "name": "沪", "admin": b"\x01" * 20}),
    ("KeyAdded", KEY),
    ("BatchAnchored", BATCH),
    ("BatchAnchored", BATCH | {"kind": 2}),
    ("ProposalMade", {"id": 1, "region": 31, "action": b"\x01\x02", "expiresAt": 9}),
    ("StatusListCreated", {"region": 32, "list": 0, "size": 1024}),
    ("StatusChanged", {"region": 32, "list": 0, "indices": [7, 9], "status": 2, "effectiveAt": 1_040}),
    ("StatusChanged", {"region": 32, "list": 0, "indices": [7], "status": 1, "effectiveAt": 1_060}),
]


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Replica:
    folder = tmp_path_factory.mktemp("replica")
    writer = ReplicaWriter(
        folder, chain=ChainIdentity(5, b"\x05" * 32), consortium=b"\x06" * 20, genesis=Head(0, bytes(32), 0)
    )
    for number, (name, args) in enumerate(EVENTS, 1):
        event = Event(ANCHOR, "", name, args, b"", b"")
        writer.add(FinalBlock(number, bytes([number]) * 32, bytes(32), 1_000 + 10 * number, (event,)))
    writer.commit()
    writer.close()
    return open_replica(folder)


def issued(replica: Replica, signer: object = SIGNER, region: int = 31) -> str:
    return issue_trust_list(replica, region=region, signer=signer, now=NOW)


def test_what_is_read_says_what_the_replica_says(replica: Replica, tmp_path: Path) -> None:
    lay_out(read_trust_list(issued(replica), kid=SIGNER.kid, now=NOW + 1), tmp_path)
    read = open_replica(tmp_path)

    assert read.head == replica.head
    assert (read.header.chain_id, read.header.genesis) == (replica.header.chain_id, replica.header.genesis)
    assert read.trust.keys == replica.trust.keys
    assert read.trust.members == replica.trust.members
    batch = {"region": 32, "kind": CERTIFICATES, "number": 1, "contract": ANCHOR}
    assert read.batch(**batch) == replica.batch(**batch)
    for index in (6, 7, 9):
        for at in (None, 1_000, 1_045, 1_060):
            for known_at in (None, 1_069, 1_075):
                asked = {"region": 32, "number": 0, "index": index, "at": at, "known_at": known_at}
                assert read.status(**asked) == replica.status(**asked)


def test_votes_and_audit_roots_are_left_out(replica: Replica) -> None:
    told = read_trust_list(issued(replica), kid=SIGNER.kid, now=NOW)

    assert [each.name for each in told.events] == [
        "MemberAdmitted",
        "KeyAdded",
        "BatchAnchored",
        "StatusListCreated",
        "StatusChanged",
        "StatusChanged",
    ]


def test_a_list_is_for_its_time(replica: Replica) -> None:
    text = issued(replica)
    assert read_trust_list(text, kid=SIGNER.kid, now=NOW + 3599)
    with pytest.raises(Unavailable, match=r"trust_list\.expired"):
        read_trust_list(text, kid=SIGNER.kid, now=NOW + 3600)
    with pytest.raises(Unavailable, match=r"trust_list\.clock"):
        read_trust_list(text, kid=SIGNER.kid, now=NOW - 600)


def test_a_list_by_another_key_or_another_region_is_refused(replica: Replica) -> None:
    with pytest.raises(NotAllowed, match=r"trust_list\.key"):
        read_trust_list(issued(replica), kid=OTHER.kid, now=NOW)
    with pytest.raises(NotAllowed, match=r"trust_list\.key"):
        read_trust_list(issued(replica, OTHER), kid=OTHER.kid, now=NOW)
    with pytest.raises(NotAllowed, match=r"trust_list\.key"):
        read_trust_list(issued(replica, region=32), kid=SIGNER.kid, now=NOW)


def test_a_list_with_another_signature_is_refused(replica: Replica) -> None:
    signed, _, signature = issued(replica).rpartition(".")
    turned = ("A" if signature[5] != "A" else "B").join((signature[:5], signature[6:]))
    with pytest.raises(NotAllowed, match=r"trust_list\.signature"):
        read_trust_list(f"{signed}.{turned}", kid=SIGNER.kid, now=NOW)


def test_no_list_is_laid_over_another(replica: Replica, tmp_path: Path) -> None:
    told = read_trust_list(issued(replica), kid=SIGNER.kid, now=NOW)
    lay_out(told, tmp_path)
    with pytest.raises(Conflict):
        lay_out(told, tmp_path)


CLAIMS = {
    "iss": "urn:cn:ecert:region:31",
    "iat": NOW,
    "next_update": NOW + 9,
    "chain": {"id": 1, "genesis": "0x" + "00" * 32, "consortium": "0x" + "00" * 20},
    "head": {"number": 1, "hash": "0x" + "00" * 32, "time": 1},
    "events": [],
}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("StatusListCreated", {"region": -1, "list": 0, "size": 1024}),
        ("StatusListCreated", {"region": 32, "list": 1, "size": 2**40}),
        ("StatusListCreated", {"region": 32, "list": 1, "size": 1023}),
        ("StatusChanged", {"region": 32, "list": 0, "indices": [-1], "status": 1, "effectiveAt": 1}),
        ("StatusChanged", {"region": 32, "list": 0, "indices": [7], "status": 4, "effectiveAt": 1}),
        ("StatusChanged", {"region": 32, "list": 0, "indices": [7], "status": 1, "effectiveAt": -1}),
    ],
)
def test_what_no_contract_can_tell_is_refused(replica: Replica, name: str, args: dict[str, object]) -> None:
    claims = dict(jws.parse(issued(replica), typ=TYP, limit=10_000).claims)
    events = [*claims["events"], [9, 1_090, "0x", name, args]]
    text = jws.sign(SIGNER, typ=TYP, claims=claims | {"events": events})
    with pytest.raises(Malformed, match=r"trust_list\.form"):
        read_trust_list(text, kid=SIGNER.kid, now=NOW)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=9,
)


@given(st.sampled_from(sorted(CLAIMS)), ANY)
def test_whatever_is_signed_is_read_or_refused_by_name(member: str, value: object) -> None:
    text = jws.sign(SIGNER, typ=TYP, claims=CLAIMS | {member: value})
    with pytest.raises(EcertError):
        read_trust_list(text, kid=SIGNER.kid, now=NOW)


@given(st.sampled_from([name for name, _ in EVENTS]), ANY)
def test_whatever_stands_in_an_event_is_read_or_refused_by_name(name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    text = jws.sign(SIGNER, typ=TYP, claims=CLAIMS | {"events": [[1, 1, "0x", name, value]]})
    with pytest.raises(EcertError):
        read_trust_list(text, kid=SIGNER.kid, now=NOW)
