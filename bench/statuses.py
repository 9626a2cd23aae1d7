"""A hundred million statuses: one look-up in them, and what they take on disk and in a reader's memory."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from bench.shapes import NOW
from bench.timing import Row, counted, interleaved, row, scaled
from ecert.domain import ids
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import ReplicaWriter, open_replica

__all__ = ["measure"]

ENTRIES = 100_000_000
LIST = 1 << 17
MIB = 1 << 20


def measure(folder: Path) -> list[Row]:
    """Fill a replica with lists, open it anew, read one entry of every page."""
    count = scaled(ENTRIES)
    lists = -(-count // LIST)
    _write(folder, lists)
    before = _resident()
    replica = open_replica(folder)
    for number in range(1, lists + 1):
        for index in range(0, LIST, 4096):
            replica.status(region=32, number=number, index=index)
    taken = _resident() - before
    number, index = lists // 2 + 1, ids.random_below(LIST)
    look_up = partial(replica.status, region=32, number=number, index=index)
    seconds = interleaved({"look up": look_up}, rounds=101, calls=100)
    size = (folder / "replica.bin").stat().st_size
    of = f"of {counted(lists * LIST)}"
    return [
        row(f"status look-up {of}", seconds["look up"] * 1e6, "µs"),
        row(f"replica file with statuses {of}", size / MIB, "MiB", aim="<= 32"),
        row("resident memory of a reader that touched every page", taken / MIB, "MiB", aim="<= 32"),
    ]


def _write(folder: Path, lists: int) -> None:
    writer = ReplicaWriter(
        folder, chain=ChainIdentity(1, bytes(32)), consortium=bytes(20), genesis=Head(0, bytes(32), NOW)
    )
    for number in range(1, lists + 1):
        event = Event(bytes(20), "", "StatusListCreated", {"region": 32, "list": number, "size": LIST}, b"", b"")
        writer.add(FinalBlock(number, number.to_bytes(32), bytes(32), NOW + number, (event,)))
    writer.commit()
    writer.close()


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
