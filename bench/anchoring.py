"""A hundred thousand certificates issued and anchored, against signing alone, one process each.

Both go by the wall, one run each: the yardstick is the mean of two bursts of signatures, before and after; the house
hides, judges, seals, stores durably, batches, makes blocks and follows them, until the last receipt can be had.
"""

from __future__ import annotations

from time import perf_counter

from bench.house import request
from bench.shapes import signer
from bench.timing import Row, counted, row, scaled
from ecert.app.wiring import House
from ecert.domain import ids
from issuer import issue_many

__all__ = ["measure"]

COUNT = 100_000
_BATCH = 10_000
_SIGNATURES = 5_000


def measure(house: House, *, aim: str = ">= 0.3") -> list[Row]:
    """Issue in requests of 10,000, settle, and ask for the last one's receipt; `aim` is of all against signing."""
    total, at_once = scaled(COUNT), scaled(_BATCH)
    rates = [_signing_rate()]
    begun = perf_counter()
    for _ in range(total // at_once):
        issued = issue_many(house.issuer, [request()] * at_once, now=house.floor.now())
    stored = perf_counter()
    house.settle()
    done = perf_counter()
    with house.floor.database.reading() as connection:
        receipt = house.anchoring.receipt(connection, region=32, fingerprint=issued[-1].fingerprint)
    if receipt is None:
        raise RuntimeError("the last certificate is not anchored")
    rates.append(_signing_rate())
    sign = sum(rates) / len(rates)
    signing = ("bare P-256 signatures", sign)
    what = f"{counted(total)} certificates"
    return [
        row("bare P-256 signatures", sign, "per s"),
        row(f"issue and store {what}, 1 process", total / (stored - begun), "per s", yardstick=signing),
        row(
            f"issue and anchor {what}, 1 process",
            total / (done - begun),
            "per s",
            yardstick=signing,
            aim=aim,
        ),
        row("of that, batches, blocks and following", done - stored, "s"),
    ]


def _signing_rate() -> float:
    key, message = signer(), ids.random_bytes(1000)
    count = scaled(_SIGNATURES)
    begun = perf_counter()
    for _ in range(count):
        key.sign(message)
    return count / (perf_counter() - begun)
