"""Shown, accepted, changed and refused over HTTP: the four regions' codes, status changes and renewals."""

from __future__ import annotations

import pytest

from ecert.domain.dates import format_instant
from tests.journeys.doors import code_of
from tests.world import Issued, World, codes_of, use
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png
from wallet_codes.regions import by_number

IDENTITY, DEED = 1, 24


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
