"""A real house in a folder, under a clock that outlives the process: killed, copied and opened again at will."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecert.app.demo.founding import bootstrap
from ecert.app.wiring import House, open_house
from tests import databases
from tests.world import BEGINNING, Time, _driver, settings_of

__all__ = ["NOTES", "SETTINGS", "KeptTime", "copy_home", "found", "opened"]

CLOCK = "clock.bin"
NOTES = "notes.jsonl"
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


@contextmanager
def opened(home: Path, **more: str) -> Iterator[tuple[House, KeptTime]]:
    """Open the house in `home`, founding it where it is new."""
    time = KeptTime(home)
    house = open_house(settings_of(home, **SETTINGS, **more), time, drivers={"embedded": _driver(time)})
    try:
        yield house, time
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
