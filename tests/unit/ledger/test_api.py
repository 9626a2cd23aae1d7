"""The ledger's doors over HTTP: the chain, the queue that takes only what its signer may send, consistency proofs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_hash.auto import keccak

from ecert.domain.merkle import verify_consistency
from ecert.domain.strict import b64url_decode
from ledger import motions
from ledger.drivers import calls
from ledger.port import Account, SignedTransaction
from ledger.replica import AUDIT
from tests.unit.ledger.founded import Founded, copied, typed

TRANSACTIONS = "/api/v1/chain/transactions"
THIEF = calls.account(keccak(b"thief"))


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Founded]:
    with copied(tmp_path_factory, tmp_path) as house:
        yield house


def ask(house: Founded, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(house.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://ecert.example") as client:
            return await client.request(method, path, **more)

    return asyncio.run(once())


def admin(house: Founded, region: int = 31) -> Account:
    return house.floor.sending.account(f"{region}-admin")


def nonce_of(house: Founded, address: bytes) -> int:
    return int(ask(house, "GET", f"/api/v1/chain/accounts/0x{address.hex()}").json()["nonce"])


def signed(house: Founded, by: Account, nonce: int) -> SignedTransaction:
    action = house.floor.ledger.encode(motions.remove(house.directory, member=33))
    call = motions.propose(house.directory, action=action, expires_at=2_000_000_000)
    return house.floor.ledger.prepare(call, by, nonce=nonce)


def body(transaction: SignedTransaction, account: Account, nonce: int, **other: object) -> dict[str, object]:
    return {
        "account": "0x" + account.address.hex(),
        "nonce": nonce,
        "raw": "0x" + transaction.raw.hex(),
        "hash": "0x" + transaction.hash.hex(),
        "purpose": "propose",
        **other,
    }


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_chain_as_seen_from_here(house: Founded) -> None:
    told = ask(house, "GET", "/api/v1/chain").json()

    identity, head = house.floor.ledger.identity(), house.replica.head
    assert (told["chain_id"], told["genesis"]) == (identity.chain_id, "0x" + identity.genesis.hex())
    assert told["contracts"] == {
        "Consortium": "0x" + house.directory.consortium.hex(),
        "TrustRegistry": "0x" + house.directory.trust.hex(),
        "CertificateAnchor": "0x" + house.directory.anchor.hex(),
        "StatusRegistry": "0x" + house.directory.status.hex(),
    }
    assert told["head"] == {"number": head.number, "hash": "0x" + head.hash.hex(), "time": head.time}


def test_a_signed_transaction_is_queued_once_and_becomes_final(house: Founded) -> None:
    nonce = nonce_of(house, admin(house).address)
    transaction = signed(house, admin(house), nonce)
    wanted = f"{TRANSACTIONS}/0x{transaction.hash.hex()}"
    assert refusal(ask(house, "GET", wanted)) == (404, "ledger.unknown_transaction")

    first, again = (ask(house, "POST", TRANSACTIONS, json=body(transaction, admin(house), nonce)) for _ in range(2))

    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (202, first.json())
    assert nonce_of(house, admin(house).address) == nonce + 1
    assert ask(house, "GET", wanted).json() == {"block": None, "error": None}
    house.settle()
    outcome = house.floor.ledger.outcome(transaction.hash)
    assert outcome is not None
    assert ask(house, "GET", wanted).json() == {"block": outcome.block, "error": None}


def test_a_refused_transaction_tells_the_contracts_error(house: Founded) -> None:
    nonce = nonce_of(house, admin(house).address)
    vote = house.floor.ledger.prepare(motions.vote(house.directory, number=99), admin(house), nonce=nonce)
    ask(house, "POST", TRANSACTIONS, json=body(vote, admin(house), nonce))
    house.settle()

    told = ask(house, "GET", f"{TRANSACTIONS}/0x{vote.hash.hex()}").json()
    assert told["error"] == "ConsortiumUnknownProposal"


def test_nobody_takes_a_place_in_anothers_queue(house: Founded) -> None:
    """Else a stranger's bytes under a region's name would hold back for ever all that the region does."""
    nonce = nonce_of(house, admin(house).address)
    for by, told in ((THIEF, nonce), (admin(house, 32), nonce), (admin(house), nonce + 1)):
        forged = body(signed(house, by, told), admin(house), nonce)
        assert refusal(ask(house, "POST", TRANSACTIONS, json=forged)) == (422, "ledger.transaction")

    assert nonce_of(house, admin(house).address) == nonce
    assert typed(house, "consortium", "vote", "99", "--region", "31", "--json").error[2] == "ConsortiumUnknownProposal"


def test_only_a_present_members_admin_may_queue(house: Founded) -> None:
    for name in ("31-anchor", "35-admin"):
        account = house.floor.sending.account(name)
        nonce = nonce_of(house, account.address)
        answer = ask(house, "POST", TRANSACTIONS, json=body(signed(house, account, nonce), account, nonce))
        assert refusal(answer) == (403, "ledger.not_admin")

    typed(house, "consortium", "propose", "--region", "31", "remove", "--member", "33")
    for region in (31, 32, 34):
        typed(house, "consortium", "vote", "4", "--region", str(region))
    assert typed(house, "consortium", "execute", "4", "--region", "31").code == 0
    nonce = nonce_of(house, admin(house, 33).address)
    answer = ask(
        house, "POST", TRANSACTIONS, json=body(signed(house, admin(house, 33), nonce), admin(house, 33), nonce)
    )
    assert refusal(answer) == (403, "ledger.not_admin")


@pytest.mark.parametrize("step", [-1, 1])
def test_a_nonce_is_the_next_or_none(house: Founded, step: int) -> None:
    nonce = nonce_of(house, admin(house).address) + step
    answer = ask(house, "POST", TRANSACTIONS, json=body(signed(house, admin(house), nonce), admin(house), nonce))

    assert refusal(answer) == (409, "ledger.nonce_used")


def test_bytes_that_are_no_transaction_are_refused(house: Founded) -> None:
    nonce = nonce_of(house, admin(house).address)
    good = signed(house, admin(house), nonce)
    flipped = SignedTransaction(good.raw[:-1] + bytes([good.raw[-1] ^ 1]), good.hash)
    other_hash = SignedTransaction(good.raw, bytes(32))
    elsewhere = calls.sign(
        admin(house), chain_id=1, nonce=nonce, gas=90_000, to=house.directory.consortium, payload=b""
    )
    for bad in (flipped, other_hash, elsewhere, SignedTransaction(b"\xc0", bytes(32))):
        answer = ask(house, "POST", TRANSACTIONS, json=body(bad, admin(house), nonce))
        assert refusal(answer) == (422, "ledger.transaction")

    assert nonce_of(house, admin(house).address) == nonce


WRONG: list[dict[str, object]] = [
    {"account": "0x" + "AB" * 20},
    {"account": "0x1"},
    {"nonce": -1},
    {"nonce": "0"},
    {"nonce": 2**63},
    {"raw": "0x"},
    {"raw": "0xabc"},
    {"raw": "0x" + "ab" * 110_000},
    {"hash": "0x" + "ab" * 31},
    {"purpose": "a b"},
    {"purpose": "propose\n"},
    {"more": 1},
]


def test_a_malformed_body_is_refused(house: Founded) -> None:
    good = body(signed(house, admin(house), 0), admin(house), 0)
    for wrong in WRONG:
        answer = ask(house, "POST", TRANSACTIONS, json=good | wrong)
        assert (wrong, *refusal(answer)) == (wrong, 422, "request.malformed")


def test_a_body_has_one_meaning(house: Founded) -> None:
    answer = ask(
        house,
        "POST",
        TRANSACTIONS,
        content=b'{"nonce": 1, "nonce": 2}',
        headers={"content-type": "application/json"},
    )

    assert refusal(answer) == (422, "json.duplicate_key")


def test_a_malformed_path_is_refused(house: Founded) -> None:
    for path in ("chain/accounts/0x12", "chain/transactions/0x12", "audit/31/consistency?first=0&second=1"):
        assert (path, ask(house, "GET", f"/api/v1/{path}").status_code) == (path, 422)


def test_an_audit_logs_anchored_roots_are_proved_to_continue_one_another(house: Founded) -> None:
    for first, entries in ((0, 3), (3, 4)):
        with house.floor.database.transaction() as connection:
            for number in range(entries):
                record = {"number": first + number}
                house.audit.record(connection, region=31, kind="test", record=record, now=house.floor.now())
        house.settle()
    house.replica.refresh()
    one, two = (house.replica.batch(region=31, kind=AUDIT, number=number) for number in (1, 2))
    assert one is not None
    assert two is not None
    assert (one.size, two.size) == (3, 7)

    told = ask(house, "GET", "/api/v1/audit/31/consistency?first=3&second=7").json()["path"]

    path = [b64url_decode(node) for node in told]
    verify_consistency(first=3, second=7, first_root=one.root, second_root=two.root, path=path)


def test_a_log_that_is_not_here_is_not_found(house: Founded) -> None:
    for wanted in ("31/consistency?first=1&second=2", "35/consistency?first=1&second=1"):
        assert refusal(ask(house, "GET", f"/api/v1/audit/{wanted}")) == (404, "audit.size")
