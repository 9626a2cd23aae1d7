"""A receipt over the API: asked for by `receipt: true`, given to windows of the region, and of exactly this report."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from tests.journeys.doors import code_of
from verifier.receipts import verify_receipt

if TYPE_CHECKING:
    from tests.world import Issued, World

PATH = "/api/v1/verifications"


def asking(world: World, card: Issued, **more: object) -> dict[str, object]:
    holder = {"id_type": card.holder.id_type, "id": card.holder.id}
    return {"container": world.read(card)["certificate"], "division": "310118", "holder": holder, **more}


def hold_receipt(world: World, report: dict[str, Any], *, has_use: bool) -> None:
    """Hold the member `receipt` to the rest of the report, by the replica's keys."""
    receipt = verify_receipt(report.pop("receipt"), replica=world.house.replica)

    assert receipt.report == sha256(orjson.dumps(report, option=orjson.OPT_SORT_KEYS)).digest()
    assert (receipt.region, receipt.verdict, receipt.use is not None) == (31, report["verdict"], has_use)


def test_a_window_is_given_a_receipt_of_its_report(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story

    body = asking(world, card, receipt=True)
    verified = world.ask("POST", PATH, json=body, key=world.key("window", 31)).json()
    redeemed = world.redeem(world.mint(card.holder)["text"], holder=card.holder, receipt=True).json()

    assert (verified["verdict"], redeemed["verdict"]) == ("accept", "accept")
    hold_receipt(world, verified, has_use=False)
    hold_receipt(world, redeemed, has_use=True)
    assert [each.kind for each in world.house.audit.read(31)] == ["receipt", "receipt"]


def test_nobody_else_is(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    body = asking(world, card, receipt=True)
    keys = (None, world.key("window", 32), world.issuer(1, 32))

    told = [code_of(world.ask("POST", PATH, json=body, key=key)) for key in keys]

    assert told == [(401, "access.missing"), (403, "access.region"), (403, "access.role_refused")]
    assert world.house.audit.read(31) == []


def test_who_does_not_ask_gets_none(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story

    answers = [world.ask("POST", PATH, json=asking(world, card, **more)).json() for more in ({}, {"receipt": False})]

    assert [(each["verdict"], "receipt" in each) for each in answers] == [("accept", False)] * 2
