"""Issued, anchored and verified over HTTP, and what anybody may fetch of it."""

from __future__ import annotations

import orjson

from ecert.domain.dates import format_instant
from ecert.domain.merkle import verify_consistency
from ecert.domain.status import parse_status_list_claims
from ecert.domain.strict import b64url_decode
from tests.journeys.doors import code_of
from tests.world import Issued, World, codes_of

IDENTITY, DRIVING, DEED = 1, 2, 24


def test_a_certificate_is_read_back_pending_and_then_with_its_receipt(world: World) -> None:
    card = world.issue(IDENTITY)

    pending = world.read(card)
    assert (pending["status"], pending["certificate"]["receipt"]) == ("VALID", None)
    assert codes_of(world.verify(card)) >= {"anchor.pending"}

    world.settle()
    receipt = world.read(card)["certificate"]["receipt"]
    assert receipt["contract"] == world.ask("GET", "/api/v1/chain").json()["contracts"]["CertificateAnchor"]
    assert world.verify(card)["verdict"] == "accept"


def test_the_same_request_again_is_the_same_certificate(world: World) -> None:
    body, key = world.face(IDENTITY), world.issuer(IDENTITY, 32)

    first, again = (world.ask("POST", "/api/v1/certificates", key=key, once="one", json=body) for _ in range(2))
    other = world.ask("POST", "/api/v1/certificates", key=key, once="one", json=body | {"division": "320500"})

    assert (first.status_code, first.content) == (201, again.content)
    assert code_of(other) == (409, "idempotency.other_request")


def test_a_batch_is_issued_whole_or_not_at_all(world: World) -> None:
    good = [world.face(IDENTITY, number=number) for number in (1, 2, 3)]
    bad = [*good, good[0] | {"elements": {"XM": 5}}]
    key = world.issuer(IDENTITY, 32)

    refused = world.ask(
        "POST", "/api/v1/certificates/batch", key=key, once=world.new_name(), json={"certificates": bad}
    )
    answer = world.ask(
        "POST", "/api/v1/certificates/batch", key=key, once=world.new_name(), json={"certificates": good}
    )

    assert refused.status_code == 422
    issued = answer.json()["certificates"]
    world.settle()
    read = [world.ask("GET", f"/api/v1/certificates/{one['licence_id']}", key=key).json() for one in issued]
    assert [one["certificate"]["receipt"]["size"] for one in read] == [3, 3, 3]


def test_a_certificate_is_its_authoritys_alone(world: World) -> None:
    card = world.issue(IDENTITY)
    address = f"/api/v1/certificates/{card.licence_id}"

    other = world.ask("GET", address, key=world.issuer(DEED, 32))
    change = world.ask(
        "POST",
        f"{address}/status",
        key=world.issuer(IDENTITY, 33),
        once="x",
        json={"action": "revoke", "reason": "lost"},
    )

    assert code_of(other) == code_of(change) == (404, "certificate.unknown")


def test_mutable_elements_are_told_on_redeem_with_their_age(world: World) -> None:
    card, licence = world.issue(IDENTITY), world.issue(DRIVING)
    world.settle()
    address = f"/api/v1/certificates/{licence.licence_id}/mutable"
    key = world.issuer(DRIVING, 32)

    put = world.ask("PUT", address, key=key, json={"elements": {"LJJF": 6}})
    bad = world.ask("PUT", address, key=key, json={"elements": {"XM": "signed"}})
    assert (put.status_code, bad.status_code) == (204, 422)
    world.time.advance(90)
    world.settle()
    minted = world.mint(card.holder)
    report = world.redeem(minted["text"], holder=card.holder, item="EC-0003").json()
    mutable = {key: state for one in report["certificates"] for key, state in one["mutable"].items()}
    assert report["verdict"] == "accept"
    assert "ZT" in mutable
    assert mutable["ZT"]["age"] >= 90
    assert "LJJF" not in mutable  # the item does not need the penalty points
    assert world.read(licence)["mutable"]["LJJF"]["value"] == 6


def test_a_presentation_has_no_receipt_and_is_not_decided(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    holder = {"id_type": card.holder.id_type, "id": card.holder.id}
    body = {"presentation": card.text, "division": "310118", "holder": holder}

    report = world.ask("POST", "/api/v1/verifications", json=body).json()

    assert report["verdict"] == "cannot_decide"
    assert "anchor.pending" in codes_of(report)


def test_a_container_is_accepted_for_its_holder_alone(story: tuple[World, Issued, Issued]) -> None:
    world, card, deed = story

    assert world.verify(card)["verdict"] == world.verify(deed)["verdict"] == "accept"
    unnamed = world.verify(card, holder=None)
    other = world.verify(card, holder={"id_type": "001", "id": "310199198803070026"})

    assert (unnamed["verdict"], other["verdict"]) == ("cannot_decide", "refuse")
    assert "holder.not_shown" in codes_of(unnamed)
    assert "holder.mismatch" in codes_of(other)


def test_both_times_are_asked_about(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    before = int(world.time.now())
    world.time.advance(3600)
    middle = int(world.time.now())
    assert world.change(card, "revoke", ground="lost", effective_at=format_instant(before)).status_code == 200
    world.settle()

    assert world.verify(card)["verdict"] == "refuse"
    assert world.verify(card, at=before - 1)["verdict"] == "accept"
    assert world.verify(card, at=middle)["verdict"] == "refuse"
    assert "status.valid" in codes_of(world.verify(card, at=before, known_at=middle - 1))


def test_a_day_that_nobody_knows_yet_is_not_asked_about(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    body = {"presentation": card.text, "division": "310118", "at": int(world.time.now()) + 60}

    assert code_of(world.ask("POST", "/api/v1/verifications", json=body)) == (422, "question.future")


def test_a_division_that_declared_no_refuses(world: World) -> None:
    permit = world.issue(5)
    world.settle()

    assert world.verify(permit, division="330421")["verdict"] == "accept"
    refused = world.verify(permit, division="310118")
    assert (refused["verdict"], "recognition.no" in codes_of(refused)) == ("refuse", True)


def test_a_replica_that_is_not_followed_any_more_is_too_old(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.time.advance(30 * 86_400)

    report = world.verify(card)

    assert (report["verdict"], "replica.stale" in codes_of(report)) == ("cannot_decide", True)


def test_the_status_list_is_the_replica_bit_for_bit(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.change(card, "suspend", ground="court_order")
    world.settle()
    uri, index = card.place

    answer = world.ask("GET", uri.removeprefix(world.house.floor.settings.public_url))
    listed = parse_status_list_claims(orjson.loads(b64url_decode(answer.text.split(".")[1])))

    name = uri.rpartition("/")[2].split("-")
    bitmap = world.house.replica.bitmap(region=int(name[0]), number=int(name[1]))
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert listed.bitmap == bitmap
    assert bitmap is not None
    assert bitmap[index // 4] >> (2 * (index % 4)) & 3 == 2
    assert code_of(world.ask("GET", "/status-lists/32-999")) == (404, "status.unknown_list")


def test_the_chain_and_the_audit_log_are_open_to_all(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.redeem(world.mint(card.holder)["text"], holder=card.holder)
    world.settle()
    chain = world.ask("GET", "/api/v1/chain").json()
    first, *_, last = world.house.replica.audit_logs[32]

    proof = world.ask("GET", f"/api/v1/audit/32/consistency?first={first.size}&second={last.size}").json()["path"]

    head = world.house.floor.ledger.head()
    assert (chain["head"]["number"], chain["head"]["hash"]) == (head.number, "0x" + head.hash.hex())
    verify_consistency(
        first=first.size,
        second=last.size,
        first_root=first.root,
        second_root=last.root,
        path=[b64url_decode(node) for node in proof],
        hash_alg=last.hash_alg,
    )
    assert world.house.replica.judged_logs[32] == len(world.house.replica.audit_logs[32])
    assert world.house.replica.forged_logs == {}
    assert world.ask("GET", "/api/v1/audit/32/consistency?first=2&second=99999").status_code == 404
    assert world.ask("GET", "/api/v1/audit/99/consistency?first=1&second=2").status_code == 404


def test_the_operator_sees_counts_and_no_addresses(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.read(card)

    metrics = world.ask("GET", "/metrics").text

    assert world.ask("GET", "/healthz").json() == {"state": "up"}
    assert 'route="/api/v1/certificates/{licence_id}"' in metrics
    assert card.licence_id not in metrics
    assert "ecert_replica_age_seconds" in metrics
