"""One round: the service works, validators are killed under it and come back, the service is killed, all is judged."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.crash.judging import judge
from tests.crash.processes import ask_in_a_process, fork
from tests.crash.rounds import heights
from tests.crash.rounds.planning import Kind, Round
from tests.crash.rounds.serving import Look, looks, serve
from tests.validators import Network

__all__ = ["LONGEST_GAP", "Told", "fall"]

LONGEST_GAP = 5.0
"""Seconds: no two blocks are further apart under load while one validator is down."""
_PATIENCE = 90.0
_UNDER_WAY = 2.5
"""Seconds in which a block may still come after the fall: it was decided before."""
_BUSY = 2


@dataclass(slots=True)
class Told:
    """What a round showed, in seconds; `gap` is None where the chain had to stand, `stood` where it had to go on."""

    gap: float | None = None
    stood: float | None = None
    resumed: float | None = None
    oldest: int = 0
    verified: int = 0
    wrong: list[str] = field(default_factory=list)


def fall(network: Network, home: Path, part: Round) -> Told:
    """Live through a round, and be judged."""
    told, began = Told(), time.time()
    with _beside(partial(heights.record, network, home)), _beside(partial(serve, home, part.seed)) as is_alive:
        if not _until(lambda: _anchored_since(home, began) >= _BUSY):
            return Told(wrong=["the service did not begin to anchor"])
        time.sleep(part.before)
        _let_fall(network, home, part, told)
        time.sleep(part.after)
        if not is_alive():
            told.wrong.append("the service ended by itself")
    told.wrong += ask_in_a_process(home, judge)
    told.wrong += heights.until_all_have(network, heights.standing_at(home, time.time()))
    if not told.wrong:
        told.wrong += heights.split(network)
    return told


def _let_fall(network: Network, home: Path, part: Round, told: Told) -> None:
    fell = time.time()
    for number in part.falling:
        network.kill(number)
    if part.kind is Kind.WIPED:
        network.wipe(*part.falling)
    time.sleep(part.down)
    rose, final = time.time(), _final(home)
    for number in part.falling:
        network.start(number)
    if not _until(lambda: _final(home) > final + 1):
        told.wrong.append("nothing was anchored after the validators came back")
        return
    told.wrong += heights.until_all_have(network, heights.standing_at(home, time.time()))
    _measure(home, part, told, fell, rose)


def _measure(home: Path, part: Round, told: Told, fell: float, rose: float) -> None:
    during = [look for look in looks(home) if fell < look.at < rose]
    told.verified, told.oldest = len(during), max((look.age for look in during), default=0)
    told.wrong += [f"a file was judged {look.verdict}" for look in during if look.verdict != "accept"][:1]
    if not during:
        told.wrong.append("nothing was verified while validators were down")
    if part.is_standing:
        told.stood = rose - fell
        told.resumed = _resumed(looks(home), rose) - rose
        told.wrong += _stood(home, told, fell, rose)
        return
    told.gap = heights.longest_gap(home, since=fell, until=rose)
    if told.gap > LONGEST_GAP:
        told.wrong.append(f"{told.gap:.1f} s without a block, with one validator down")


def _stood(home: Path, told: Told, fell: float, rose: float) -> Iterator[str]:
    """The chain stands without a quorum, and the verdicts tell how old they are."""
    if heights.standing_at(home, rose) > heights.standing_at(home, fell + _UNDER_WAY):
        yield "a block was made without three validators"
    if told.oldest < rose - fell - _UNDER_WAY:
        yield f"the chain stood for {rose - fell:.1f} s and the greatest age told was {told.oldest} s"


def _resumed(seen: list[Look], rose: float) -> float:
    """Tell when the first batch became final after the validators were started again."""
    before = max(look.final for look in seen if look.at < rose)
    return next(look.at for look in seen if look.at > rose and look.final > before)


def _anchored_since(home: Path, moment: float) -> int:
    """Count the batches that this service has seen become final."""
    final = [look.final for look in looks(home) if look.at > moment]
    return final[-1] - final[0] if final else 0


def _final(home: Path) -> int:
    seen = looks(home)
    return seen[-1].final if seen else 0


def _until(holds: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def _beside(act: Callable[[], object]) -> Iterator[Callable[[], bool]]:
    """Let a process run beside this one until it is killed; tells whether it still runs."""
    child = fork(act)
    try:
        yield lambda: Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
