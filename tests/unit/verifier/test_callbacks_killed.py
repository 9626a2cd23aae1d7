"""A process killed at each of the callbacks' writes: whoever goes on tells every change by one name, in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
import pytest

from ecert.app.migrations import migrate
from ecert.runtime.storage import open_database
from tests.crash.calling import TOLD, Receiver
from tests.crash.watching import Strike, Watch, _Transactions
from tests.databases import url_of
from tests.unit.verifier.build import World
from tests.unit.verifier.called import PARTNER, Sponsor
from verifier.callbacks import Targets
from verifier.report import Report

URL = "https://partner.example/told"
WRITES = [("subscribe", 1), ("accept", 1), ("note", 1), ("turn", 1), ("turn", 3), ("told", 1), ("told", 3)]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("write", "nth"), WRITES)
def test_whoever_goes_on_tells_everything(tmp_path: Path, world: World, write: str, nth: int, moment: str) -> None:
    card, url = world.anchored(), url_of(tmp_path / "called.sqlite")
    database = open_database(url)
    migrate(database)
    reports, position = Sponsor(world, database).judge(card)
    database.close()
    for status in (2, 0, 1):  # after the verdict, and before anybody kept it
        world.status(7, status)
    live = partial(_live, tmp_path, world, reports, position)

    assert _ended(lambda: live(Strike(f"callback.{write}", moment, nth))) == -signal.SIGKILL
    sequence, waiting, given_up = live(None)

    lines = [orjson.loads(line) for line in (tmp_path / TOLD).read_bytes().splitlines()]
    first = list({each["event"]: each for each in lines}.values())
    assert (sequence, waiting, given_up) == (3, 0, 0)
    assert [(each["sequence"], each["status"]) for each in first] == [(1, "suspended"), (2, "valid"), (3, "revoked")]
    assert len({orjson.dumps(each) for each in lines}) == 3


def _live(
    folder: Path, world: World, reports: list[Report], position: int, strike: Strike | None
) -> tuple[int, int, int]:
    """Subscribe, keep, note and deliver, as a process does that begins with what stands in the database."""
    database = open_database(url_of(folder / "called.sqlite"))
    _Transactions(Watch(strike, lambda _writes: None)).listen(database)
    sponsor = Sponsor(world, database, Receiver(Targets(), home=folder))
    subscription = sponsor.subscribe(URL)
    sponsor.callbacks.accepting.keep(subscription, reports, position=position, now=sponsor.now)
    sponsor.note()
    for _ in range(10):
        while sponsor.deliver():
            pass
        sponsor.now += 60
    (each,) = sponsor.callbacks.subscriptions.of(PARTNER)
    database.close()
    return each.sequence, each.waiting, each.given_up


def _ended(act: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
