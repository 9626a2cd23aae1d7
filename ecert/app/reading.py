"""`ecert verify` on this machine: where nobody keeps the replica fresh, open the chain and follow it; then judge."""

from __future__ import annotations

import time

from ecert.app.wiring import House, open_house
from ecert.domain.errors import Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.logs import log
from ecert.runtime.settings import Settings
from ledger.replica import Replica, open_replica
from verifier.presentations import Asking, verify_file
from verifier.report import Report

__all__ = ["catch_up", "verify_here"]

_YOUNG = 5
_PATIENCE = 5.0


def verify_here(settings: Settings, clock: Clock, data: bytes, *, asking: Asking) -> Report:
    """Judge a file; where another process owns the chain, its replica is read as it stands."""
    if not (settings.replica / "replica.bin").exists():
        raise Unavailable("replica.missing", str(settings.replica))
    try:
        house = open_house(settings, clock)
    except Unavailable as fault:
        if fault.code not in {"ledger.locked", "replica.locked"}:
            raise
        return _judge(open_replica(settings.replica), clock, data, asking)
    try:
        catch_up(house)
        return _judge(house.replica, clock, data, asking)
    finally:
        house.close()


def catch_up(house: House) -> None:
    """Settle and follow until the replica is young, five seconds at most; an empty block is made as soon as one is due.

    While the chain is away nothing is followed: what is judged by the replica says its age. Nor is a chain waited for
    that stands still, or has much to take in: whoever serves goes on with it beside.
    """
    try:
        _follow(house)
    except Unavailable as fault:
        if not fault.code.startswith("ledger."):
            raise
        log("ledger.away", code=fault.code)


def _follow(house: House) -> None:
    give_up = time.monotonic() + _PATIENCE
    while _is_behind(house) and time.monotonic() < give_up:
        time.sleep(0.1)


def _is_behind(house: House) -> bool:
    """Go round once; tell whether anything still waits, or the replica is not young."""
    waiting = house.rounds.once()
    house.replica.refresh()
    limit = max(_YOUNG, house.floor.settings.heartbeat)
    is_old = house.replica.age(house.floor.clock.now()) > limit
    return waiting > 0 or is_old or not house.anchoring.is_idle()


def _judge(replica: Replica, clock: Clock, data: bytes, asking: Asking) -> Report:
    return verify_file(data, asking=asking, replica=replica, now=int(clock.now()))
