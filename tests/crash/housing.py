"""A real house in a folder, killed, copied and opened again at will: on its own chain, or on a network beside it.

On the embedded chain its clock is kept in a file and goes as fast as blocks are made. A network's blocks bear the
wall's time, so there the clock is the wall's.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecert.app.demo.founding import bootstrap
from ecert.app.wiring import DRIVERS, House, open_house
from ecert.runtime.settings import Settings
from tests import databases
from tests.world import BEGINNING, Time, _driver, settings_of

__all__ = ["DOORS", "NOTES", "KeptTime", "WallTime", "copy_home", "found", "opened", "time_of", "told_settings"]

CLOCK = "clock.bin"
NOTES = "notes.jsonl"
DOORS = "network.json"
"""Where a home keeps the settings that name its network, if it stands on one."""
SETTINGS = {"ECERT_CODE_SECONDS": "600", "ECERT_BATCH_SIZE": "4"}
"""Codes outlive a run, for its clock runs as fast as blocks are made; batches are small, so that several close."""
_TIME = struct.Struct("<d")
_BEFORE = 254


class KeptTime(Time):
    """The tests' clock, kept in a mapped file: it goes on after a kill where it stood."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        file = os.open(home / CLOCK, os.O_RDWR | os.O_CREAT, 0o600)
        is_new = os.fstat(file).st_size == 0
        os.ftruncate(file, _TIME.size)
        self._map = mmap.mmap(file, _TIME.size)
        os.close(file)
        super().__init__(BEGINNING if is_new else self._now)

    @property
    def _now(self) -> float:
        return float(_TIME.unpack(self._map[:])[0])

    @_now.setter
    def _now(self, now: float) -> None:
        self._map[:] = _TIME.pack(now)


class WallTime(Time):
    """The machine's clock: to let time pass is to wait."""

    def __init__(self) -> None:
        super().__init__(0)

    def now(self) -> float:
        return time.time()

    def advance(self, seconds: int) -> None:
        time.sleep(seconds)


def time_of(home: Path) -> Time:
    """Give the clock of the house in `home`."""
    return WallTime() if (home / DOORS).exists() else KeptTime(home)


def told_settings(home: Path) -> Settings:
    """Give the settings of the house in `home`."""
    doors = home / DOORS
    return settings_of(home, **SETTINGS, **(json.loads(doors.read_text()) if doors.exists() else {}))


@contextmanager
def opened(home: Path) -> Iterator[tuple[House, Time]]:
    """Open the house in `home`, founding it where it is new."""
    clock = time_of(home)
    house = open_house(told_settings(home), clock, drivers={**DRIVERS, "embedded": _driver(clock)})
    try:
        yield house, clock
    finally:
        house.close()


def found(home: Path) -> None:
    """Found a house with authorities, keys, recognitions and lists, ready to issue.

    Its audit logs are as long as it takes for their first full subtree to be kept while a day runs.
    """
    with opened(home) as (house, _):
        bootstrap(house)
        for region in house.floor.regions:
            records = [{"number": number} for number in range(_BEFORE)]
            with house.floor.database.transaction() as connection:
                house.audit.record_many(
                    connection, region=region, kind="earlier", records=records, now=house.floor.now()
                )
        house.settle()


def copy_home(template: Path, home: Path) -> None:
    """Copy a closed house."""
    databases.copy_home(template, home)
