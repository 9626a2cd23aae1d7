"""What a house does on the network: certificates and roots to their final receipts, and how long one waits for its own.

Everything goes through the product: the outbox, the queue of transactions, the driver's proofs, the replica.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median, quantiles
from time import perf_counter
from typing import Final

from bench import anchoring
from bench.house import REGION, request
from bench.network.names import UNDER_LOAD
from bench.timing import SHORT, Row, counted, row, scaled
from ecert.app.wiring import House
from ecert.domain import ids
from issuer import Change, change_many, issue, issue_many

__all__ = ["CHANGES", "ROOTS", "batches", "certificates", "changes", "enqueue", "receipts", "roots"]

BATCH: Final = 10_000
_BATCHES: Final = 10
_ROUNDS: Final = 1 if SHORT else 5
ROOTS: Final = 2_000
CHANGES: Final = 400
_RECEIPTS: Final = 100
_EACH: Final = 0.3
"""Seconds between two certificates issued singly: three for each block, as a counter would."""
_LOOK: Final = 0.02
_PATIENCE: Final = 60.0


def certificates(house: House) -> list[Row]:
    """Issue and anchor a hundred thousand while batches close and blocks are followed beside."""
    with _rounds(house):
        return anchoring.measure(house, aim=">= 0.25")


def batches(house: House) -> list[Row]:
    """Anchor leaves that wait: one batch at a time, then ten at once; from closing until all of it is followed."""
    size = scaled(BATCH)
    single = median(_anchored(house, size) for _ in range(_ROUNDS))
    many = _anchored(house, _BATCHES * size)
    return [
        row(f"a batch of {counted(size)}, from closing to final", single, "s"),
        row("leaves anchored in such batches, one after another", size / single, "per s"),
        row(f"leaves anchored, {_BATCHES} such batches at once", _BATCHES * size / many, "per s", aim=">= 10000"),
    ]


def roots(house: House) -> list[Row]:
    """Anchor two thousand roots of four regions."""
    count = scaled(ROOTS)
    enqueue(house, count)
    small = replace(house.anchoring, size=1)
    begun = perf_counter()
    small.close_batches(house.floor.now())
    closed, first = perf_counter(), house.floor.ledger.head()
    house.settle()
    taken, last = perf_counter() - closed, house.floor.ledger.head()
    return [
        row(f"{counted(count)} batches closed: tree, number, signature, queue", count / (closed - begun), "per s"),
        row("their roots anchored, from the first sent to all followed", count / taken, "per s"),
        row(UNDER_LOAD, (last.time - first.time) / (last.number - first.number), "s"),
    ]


def changes(house: House) -> list[Row]:
    """Revoke four hundred certificates one by one: a transaction each."""
    count, now = scaled(CHANGES), house.floor.now()
    issued = issue_many(house.issuer, [request()] * count, now=now)
    house.settle()
    for each in issued:
        change_many(house.issuer, [Change(each.licence_id, "revoke", "lost")], authority=request().authority, now=now)
    begun = perf_counter()
    house.settle()
    taken = perf_counter() - begun
    return [row(f"{counted(count)} revocations, from the first sent to all followed", count / taken, "per s")]


def receipts(house: House) -> list[Row]:
    """Issue certificates singly, at a steady pace, and note when the receipt of each can be had."""
    waiting: dict[bytes, float] = {}
    taken: list[float] = []
    with _rounds(house):
        for _ in range(scaled(_RECEIPTS)):
            begun = perf_counter()
            waiting[issue(house.issuer, request(), now=house.floor.now()).fingerprint] = begun
            while perf_counter() < begun + _EACH:
                _look(house, waiting, taken)
        give_up = perf_counter() + _PATIENCE
        while waiting and perf_counter() < give_up:
            _look(house, waiting, taken)
    if waiting:
        raise TimeoutError(f"{len(waiting)} certificates are not anchored")
    late = quantiles(taken, n=20)[-1] if len(taken) > 1 else taken[0]
    return [
        row("from issuing to the final receipt, median", median(taken), "s"),
        row("from issuing to the final receipt, p95", late, "s"),
    ]


def enqueue(house: House, count: int) -> None:
    """Let random fingerprints wait in the outbox, shared among the regions."""
    regions, now = house.floor.regions, house.floor.now()
    with house.floor.database.transaction() as connection:
        for place, region in enumerate(regions):
            share = len(range(place, count, len(regions)))
            house.anchoring.enqueue(
                connection, region=region, fingerprints=[ids.random_bytes(32) for _ in range(share)], now=now
            )


def _anchored(house: House, count: int) -> float:
    """Give the seconds from closing one region's waiting leaves to when all of it is final and followed."""
    prints = [ids.random_bytes(32) for _ in range(count)]
    house.settle()
    with house.floor.database.transaction() as connection:
        house.anchoring.enqueue(connection, region=REGION, fingerprints=prints, now=house.floor.now())
    begun = perf_counter()
    house.settle()
    taken = perf_counter() - begun
    with house.floor.database.reading() as connection:
        if house.anchoring.receipt(connection, region=REGION, fingerprint=prints[-1]) is None:
            raise RuntimeError("the last leaf is not anchored")
    return taken


def _look(house: House, waiting: dict[bytes, float], taken: list[float]) -> None:
    with house.floor.database.reading() as connection:
        found = [
            each for each in waiting if house.anchoring.receipt(connection, region=REGION, fingerprint=each) is not None
        ]
    taken += [perf_counter() - waiting.pop(each) for each in found]
    time.sleep(_LOOK)


@contextmanager
def _rounds(house: House) -> Iterator[None]:
    """Let the house's loop run in a thread of its own, as it does while serving."""
    stop = threading.Event()
    thread = threading.Thread(target=house.rounds.forever, args=(stop,), name="rounds")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
