"""Opening a replica of a hundred million statuses anew, in a process of its own: seconds and memory.

The file holds their lists, a batch for each ten thousand certificates, and a change of status for each thousand: what a
reader reads at its start are records; the bits stay where they are.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Final

import orjson

from bench.network.children import MIB
from bench.shapes import NOW
from bench.timing import Row, counted, row, scaled
from ecert.domain import ids
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import ReplicaWriter

__all__ = ["measure"]

ENTRIES: Final = 100_000_000
LIST: Final = 1 << 17
_BATCH: Final = 10_000
_CHANGED: Final = 1_000
_STRETCH: Final = 500
_ROUNDS: Final = 3
_OPENING: Final = """
import sys, time
from bench.network.children import resident
from ledger.replica import open_replica
import os
before, begun = resident(os.getpid()), time.perf_counter()
replica = open_replica(sys.argv[1])
replica.status(region=32, number=1, index=1)
taken = time.perf_counter() - begun
print(f'{{"seconds": {taken}, "memory": {resident(os.getpid()) - before}}}')
"""


def measure(folder: Path) -> list[Row]:
    """Write the file, then open it three times."""
    count = scaled(ENTRIES)
    lists, batches, changes = -(-count // LIST), count // _BATCH, count // _CHANGED
    _write(folder, lists=lists, batches=batches, changes=changes)
    opened = [orjson.loads(_run(folder)) for _ in range(_ROUNDS)]
    of = f"{counted(lists * LIST)} statuses, {counted(batches)} batches, {counted(changes)} changes"
    return [
        row(f"start of a replica: {of}", median(each["seconds"] for each in opened), "s"),
        row("memory that this reader takes", median(each["memory"] for each in opened) / MIB, "MiB"),
    ]


def _run(folder: Path) -> str:
    command = [sys.executable, "-c", _OPENING, str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own


def _write(folder: Path, *, lists: int, batches: int, changes: int) -> None:
    start = Head(0, bytes(32), NOW)
    writer = ReplicaWriter(folder, chain=ChainIdentity(1, bytes(32)), consortium=bytes(20), genesis=start)
    told = [
        *({"name": "StatusListCreated", "region": 32, "list": n + 1, "size": LIST} for n in range(lists)),
        *(_batch(n + 1) for n in range(batches)),
        *(_change(n, lists) for n in range(changes)),
    ]
    for number, args in enumerate(told, 1):
        event = Event(bytes(20), "", str(args.pop("name")), args, b"", b"")
        writer.add(FinalBlock(number, number.to_bytes(32, "big"), bytes(32), NOW + number, (event,)))
        if number % _STRETCH == 0:
            writer.commit()
    writer.commit()
    writer.close()


def _batch(number: int) -> dict[str, object]:
    args = {"region": 32, "kind": 1, "number": number, "root": ids.random_bytes(32), "hashAlg": 1, "size": _BATCH}
    return {"name": "BatchAnchored", **args, "previous": bytes(32)}


def _change(number: int, lists: int) -> dict[str, object]:
    place = {"region": 32, "list": number % lists + 1, "indices": [ids.random_below(LIST)]}
    return {"name": "StatusChanged", **place, "status": 1, "effectiveAt": NOW}
