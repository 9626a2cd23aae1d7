"""A start waits a moment for the chain, and never for what does not become final: verifying is served meanwhile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from ecert.app import reading, rounds
from ecert.app.reading import catch_up
from ecert.app.wiring import open_house
from ledger import acts
from ledger.store import queue
from tests.delta import driver
from tests.world import BEGINNING, Time, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.app.wiring import House

ADMIN = "31-admin"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    time = Time(BEGINNING)
    opened = open_house(settings_of(tmp_path), time, drivers={"embedded": driver(time)})
    yield opened
    opened.close()


def test_everything_queued_is_final_once_it_has_caught_up(house: House) -> None:
    _queue(house)
    catch_up(house)
    assert house.rounds.once() == 0
    assert house.replica.head == house.floor.ledger.head()


def test_a_start_does_not_wait_for_what_never_becomes_final(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rounds, "_PATIENCE", 1.0)
    monkeypatch.setattr(reading, "_PATIENCE", 0.2)
    sending = house.floor.sending
    with house.floor.database.transaction() as connection:
        queue.take_nonce(connection, sending.account(ADMIN).address, first=lambda: 0)  # the one before is missing
    _queue(house)

    with caplog.at_level(logging.INFO):
        catch_up(house)

    assert house.rounds.once() == 1
    assert "ledger.away" not in caplog.messages


def _queue(house: House) -> None:
    call = acts.allow_account(house.directory, region=31, role="anchor", address=b"\x07" * 20, allowed=True)
    with house.floor.database.transaction() as connection:
        house.floor.sending.queue(connection, call, account=ADMIN, now=house.floor.now())
