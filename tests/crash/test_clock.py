"""A clock that jumps an hour back, and forth again: nothing is signed in the past, nothing is lost, work goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Unavailable
from tests.crash.asking import ask_everything, codes, issue, redeem, stock
from tests.crash.standing import Standing, faults

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world import World

HOUR = 3_600


def test_a_clock_that_jumps_back_stops_signing_and_says_why(world: World, tmp_path: Path) -> None:
    card, code, container = stock(world)
    late, head = world.mint(card.holder)["text"], world.house.floor.ledger.head()

    world.time.advance(-HOUR)
    answers = ask_everything(world, card, code, container)
    world.house.rounds.once()

    told = codes(answers)
    assert told["issue"] == (503, "replica.clock")
    assert told["verify"] == (200, "cannot_decide replica.clock")
    assert told["redeem"] == (200, "cannot_decide replica.clock")
    assert told["suspend"][0] == 200
    assert world.house.floor.ledger.head() == head  # block times rise: the chain waits for the clock

    world.time.advance(HOUR)
    assert issue(world, "new-card").status_code == 201
    world.settle()
    again = redeem(world, card, code, "again").json()
    assert [reason["code"] for reason in again["reasons"]] == ["status.suspended"]  # the code was not used up
    assert redeem(world, card, late, "next").json()["verdict"] == "refuse"
    world.settle()
    assert list(faults(Standing.of(world.house), tmp_path / "anew")) == []


def test_what_was_acknowledged_before_the_jump_is_answered_alike(world: World) -> None:
    first = issue(world, "once")
    world.settle()

    world.time.advance(-HOUR)
    again = issue(world, "once")

    assert (again.status_code, again.content) == (201, first.content)


def test_a_clock_that_jumps_forward_loses_nothing(world: World, tmp_path: Path) -> None:
    card = world.issue(1)
    code = world.mint(card.holder)["text"]

    world.time.advance(HOUR)
    world.settle()

    assert world.verify(card)["verdict"] == "accept"
    assert redeem(world, card, code, "late").json()["reasons"][0]["code"] == "code.expired"
    assert list(faults(Standing.of(world.house), tmp_path / "anew")) == []


def test_a_command_does_not_wait_an_hour_for_a_block(world: World) -> None:
    world.issue(1)
    world.settle()
    world.time.advance(-HOUR)

    with pytest.raises(Unavailable, match=r"ledger\.clock"):
        world.house.floor.ledger.make_block()
