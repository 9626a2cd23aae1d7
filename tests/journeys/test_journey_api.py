"""The main job over HTTP: issued, anchored, shown, accepted, changed, refused; and who is not let in."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from ecert.domain.dates import format_instant
from ecert.domain.merkle import verify_consistency
from ecert.domain.status import parse_status_list_claims
from ecert.runtime.access import list_keys, revoke_key
from tests.world import Issued, World, codes_of, use
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png
from wallet_codes.regions import by_number

if TYPE_CHECKING:
    from httpx import Response

IDENTITY, DRIVING, DEED = 1, 2, 24


@pytest.fixture
def story(world: World) -> tuple[World, Issued, Issued]:
    """Mr Li's identity card and real-estate certificate, anchored."""
    card, deed = world.issue(IDENTITY), world.issue(DEED)
    world.settle()
    return world, card, deed


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# -- Issuing


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


# -- Verifying


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


# -- Codes


def test_the_story_of_mr_li(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    minted = world.mint(card.holder, item="EC-0001", picture=True, caption="李*")
    assert minted["svg"].startswith(("<?xml", "<svg"))

    picture = draw_png(minted["text"], region=by_number(32), caption="李*")
    (text,) = read_picture(picture)
    first = world.redeem(text, holder=card.holder, once="one")
    again = world.redeem(text, holder=card.holder, once="one")
    other = world.redeem(text, holder=card.holder, once="two")

    report = first.json()
    assert (report["verdict"], report["sufficiency"]["complete"], report["assurance"]) == ("accept", True, "online")
    assert first.content == again.content
    assert (other.json()["verdict"], codes_of(other.json())) == ("refuse", {"code.used"})
    shown = {element["key"] for one in report["certificates"] for element in one["elements"]}
    assert shown == {"XM", "GMSFHM", "YXQJZRQ", "BDCQZH", "QLR", "ZL", "BDCDYH"}


@pytest.mark.parametrize("region", [31, 32, 33, 34])
def test_every_regions_code_is_redeemed_elsewhere(world: World, region: int) -> None:
    card = world.issue(IDENTITY, region=region)
    world.issue(DEED, region=region)
    world.settle()
    divisions = {31: "320509", 32: "330421", 33: "340100", 34: "310118"}
    minted = world.mint(card.holder, region=region, typed=True)

    by_digits = world.redeem(minted["typed"], holder=card.holder, division=divisions[region]).json()
    by_code = world.redeem(minted["text"], holder=card.holder, division=divisions[region]).json()
    offline = world.mint(card.holder, region=region, kind="offline", item="EC-0101")
    shown = world.redeem(offline["text"], holder=card.holder, division=divisions[region], item="EC-0101").json()

    assert (by_digits["verdict"], codes_of(by_code)) == ("accept", {"code.used"})
    assert (shown["verdict"], shown["assurance"]) == ("accept", "offline")


def test_a_code_lives_a_minute(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    minted = world.mint(card.holder)
    world.time.advance(minted["expires_at"] - int(world.time.now()))
    world.settle()

    report = world.redeem(minted["text"], holder=card.holder).json()

    assert (report["verdict"], codes_of(report)) == ("refuse", {"code.expired"})


def test_another_persons_code_shows_nothing(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    stranger = world.issue(IDENTITY, number=2)
    minted = world.mint(card.holder)

    report = world.redeem(minted["text"], holder=stranger.holder).json()

    assert (report["verdict"], "holder.mismatch" in codes_of(report)) == ("refuse", True)
    assert [one["elements"] for one in report["certificates"]] == [[], []]


def test_an_item_that_the_home_region_does_not_know_is_refused(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    report = world.redeem(world.mint(card.holder)["text"], holder=card.holder, item="EC-9999").json()

    assert (report["verdict"], codes_of(report)) == ("refuse", {"item.unknown"})


def test_a_citizen_sees_who_used_what_and_objects_once(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.redeem(world.mint(card.holder)["text"], holder=card.holder)
    app, body = world.key("citizen-app", 32), {"region": 32, "holder": {"id_type": "001", "id": card.holder.id}}

    (entry,) = world.ask("POST", "/api/v1/uses", key=app, json=body).json()["uses"]
    address, objection = f"/api/v1/uses/{entry['id']}/objection", body | {"text": "我没有办理此事"}
    answers = [world.ask("POST", address, key=app, json=objection) for _ in range(2)]

    assert (entry["use"], entry["holder_match"]) == (use(), True)
    assert [answer.status_code for answer in answers] == [201, 409]
    (after,) = world.ask("POST", "/api/v1/uses", key=app, json=body).json()["uses"]
    assert after["objection"] is not None


# -- Changes


def test_a_revoked_certificate_is_refused_with_its_reason(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    changed = world.change(card, "revoke", ground="lost")
    world.settle()

    report = world.redeem(world.mint(card.holder)["text"], holder=card.holder).json()
    again = world.change(card, "restore", ground="lost")

    assert (changed.status_code, changed.json()["status"], changed.json()["waits"]) == (200, "INVALID", False)
    assert report["verdict"] == world.verify(card)["verdict"] == "refuse"
    assert "status.revoked" in codes_of(report)
    assert "ground.lost" in {one["status_reason"] for one in report["certificates"]}
    assert code_of(again) == (409, "status.final")


def test_a_suspension_is_lifted(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story

    world.change(card, "suspend", ground="court_order")
    world.settle()
    suspended = world.verify(card)
    unchanged = world.change(card, "suspend", ground="court_order")
    world.change(card, "restore", ground="court_order")
    world.settle()

    assert (suspended["verdict"], "status.suspended" in codes_of(suspended)) == ("refuse", True)
    assert code_of(unchanged) == (409, "status.unchanged")
    assert world.verify(card)["verdict"] == "accept"


def test_a_change_waits_for_its_day(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    later = int(world.time.now()) + 3600

    waiting = world.change(card, "suspend", ground="court_order", effective_at=format_instant(later)).json()
    world.settle()
    before = world.verify(card)["verdict"]
    world.time.advance(3601)
    world.settle()

    assert (waiting["waits"], before, world.verify(card)["verdict"]) == (True, "accept", "refuse")


def test_a_renewal_supersedes(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    body = {key: value for key, value in world.face(IDENTITY).items() if key != "type"}
    address = f"/api/v1/certificates/{card.licence_id}/renewal"

    answers = [
        world.ask("POST", address, key=world.issuer(IDENTITY, 32), once=once, json=body) for once in ("a", "a", "b")
    ]
    world.settle()

    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[0].content == answers[1].content
    old = world.verify(card)
    assert (old["verdict"], "status.superseded" in codes_of(old)) == ("refuse", True)
    successor = answers[0].json()["licence_id"]
    assert world.read(card)["superseded_by"] == successor
    report = world.redeem(world.mint(card.holder)["text"], holder=card.holder).json()
    assert report["verdict"] == "accept"
    assert successor in {one["licence_id"] for one in report["certificates"]}


# -- What anybody may fetch


def test_the_status_list_is_the_replica_bit_for_bit(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.change(card, "suspend", ground="court_order")
    world.settle()
    uri, index = card.place

    answer = world.ask("GET", uri.removeprefix(world.house.floor.settings.public_url))
    listed = parse_status_list_claims(_claims(answer.text))

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
        path=[_decode(node) for node in proof],
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


# -- Who is not let in


def test_each_door_is_for_its_role(world: World) -> None:
    doors: list[tuple[str, str, str, dict[str, Any]]] = [
        ("issuer", "POST", "/api/v1/certificates", world.face(IDENTITY)),
        ("window", "POST", "/api/v1/redemptions", {"code": "10000007", "use": use()}),
        ("citizen-app", "POST", "/api/v1/codes", {"region": 32, "holder": {"id_type": "001", "id": "1"}}),
    ]
    keys = {
        "issuer": world.issuer(IDENTITY, 32),
        "window": world.key("window", 32),
        "citizen-app": world.key("citizen-app", 32),
    }
    for role, method, path, body in doors:
        assert code_of(world.ask(method, path, once="x", json=body)) == (401, "access.missing")
        assert code_of(world.ask(method, path, key="Bearer ek_x", once="x", json=body)) == (401, "access.unknown")
        for other, key in keys.items():
            if other != role:
                assert code_of(world.ask(method, path, key=key, once="x", json=body)) == (403, "access.role_refused")


def test_a_key_acts_for_its_own_region(world: World) -> None:
    holder = {"id_type": "001", "id": "320599198803070011"}
    body = {"region": 32, "holder": holder}

    minted = world.ask("POST", "/api/v1/codes", key=world.key("citizen-app", 31), json=body)
    redeemed = world.ask(
        "POST",
        "/api/v1/redemptions",
        key=world.key("window", 32),
        once="x",
        json={"code": "10000007", "use": use(division="310118")},
    )

    assert code_of(minted) == code_of(redeemed) == (403, "access.region")


def test_a_revoked_key_opens_nothing(world: World) -> None:
    key, database = world.issuer(IDENTITY, 32), world.house.floor.database
    (stored,) = list_keys(database)
    revoke_key(database, stored.id, now=int(world.time.now()))

    answer = world.ask("POST", "/api/v1/certificates", key=key, once="x", json=world.face(IDENTITY))

    assert code_of(answer) == (403, "access.revoked")


def _claims(token: str) -> Any:
    return orjson.loads(_decode(token.split(".")[1]))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
