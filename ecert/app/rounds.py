"""The house's one loop: close batches, send, follow. A round is safe to repeat, so a crash in one costs nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ecert.domain.errors import EcertError, Unavailable
from ecert.runtime.logs import log, place_of
from ledger.anchoring import Anchoring
from ledger.following import Follower
from ledger.replica import Replica
from ledger.sending import Sending
from ledger.store import queue as queue_rows

__all__ = ["Rounds", "Watching"]

_PAUSE = 0.1
_REST = 1.0
_PATIENCE = 120.0
_MINUTE = 60


@dataclass(slots=True)
class Rounds:
    """What is done again and again.

    `due` queues what a room has kept back, `each_minute` deletes what has had its time and opens lists that the chain
    lost, `followed` lets this process's readers see what the follower took. `finished` is when a round last went well,
    Unix seconds; `fault` is the code of the newest that did not, None once one has; `faults` counts them.
    """

    sending: Sending
    anchoring: Anchoring
    follower: Follower
    now: Callable[[], int]
    due: tuple[Callable[[int], object], ...] = ()
    each_minute: tuple[Callable[[int], object], ...] = ()
    followed: Callable[[], object] | None = None
    finished: int = 0
    fault: str | None = None
    faults: Counter[str] = field(default_factory=Counter)
    _minute: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def once(self) -> int:
        """Do one round, one thread at a time; return how many transactions are still under way.

        Whatever else fails, the chain is followed: a full disk under the database must not age the replica.
        """
        with self._turn:
            try:
                waiting = self._work()
            finally:
                self.follow()
        self.finished, self.fault = self.now(), None
        return waiting

    def settle(self) -> None:
        """Go round until nothing waits and all of it is followed; Unavailable("ledger.unsettled") after two minutes.

        It takes two quiet rounds: what the first is answered, the second may have to send again.
        """
        give_up = time.monotonic() + _PATIENCE
        while self.once() or not self.anchoring.is_idle() or self.once():
            if time.monotonic() > give_up:
                raise Unavailable("ledger.unsettled", "transactions are still under way")
            time.sleep(_PAUSE)
        with self._turn:
            self.follow()

    def forever(self, stop: threading.Event) -> None:
        """Go round until told to stop; a fault is logged, and the next round tries again."""
        while not stop.wait(_PAUSE):
            try:
                self.once()
            except EcertError as error:
                log("round.failed", code=error.code)
                self._rest(error.code, stop)
            except Exception as defect:  # noqa: BLE001 - a thread that ended would let the replica age in silence
                log("round.failed", level=logging.ERROR, error=type(defect).__name__, place=place_of(defect))
                self._rest("internal.error", stop)

    def _rest(self, code: str, stop: threading.Event) -> None:
        self.fault = code
        self.faults[code] += 1
        stop.wait(_REST)

    def _work(self) -> int:
        now = self.now()
        for queue_due in self.due:
            queue_due(now)
        if now - self._minute >= _MINUTE:
            self._minute = now
            for act in self.each_minute:
                act(now)
        self.anchoring.resend_refused(now)
        self.anchoring.close_batches(now)
        return self.sending.push()

    def follow(self) -> None:
        """Take in the chain's new blocks."""
        self.follower.step()
        if self.followed:
            self.followed()


@dataclass(frozen=True, slots=True)
class Watching:
    """What a process does that leaves the loop to the follower of its deployment: it queues, and looks."""

    sending: Sending
    anchoring: Anchoring
    head: Callable[[], int]
    replica: Replica

    def once(self) -> int:
        """See what was followed; return how many transactions are under way."""
        self.replica.refresh()
        with self.sending.database.reading() as connection:
            return len(queue_rows.unfinished(connection, most=1))

    def settle(self) -> None:
        """Wait until nothing waits and all of it is followed; Unavailable("ledger.unsettled") after two minutes."""
        give_up = time.monotonic() + _PATIENCE
        while self.once() or not self.anchoring.is_idle() or self.replica.head.number < self.head():
            if time.monotonic() > give_up:
                raise Unavailable("ledger.unsettled", "the deployment's follower has not come so far")
            time.sleep(_PAUSE)

    def follow(self) -> None:
        """See what the deployment's follower took in."""
        self.replica.refresh()

    def forever(self, stop: threading.Event) -> None:
        """Do nothing until told to stop: readers refresh when they are asked."""
        stop.wait()


def settle_queue(sending: Sending) -> None:
    """Send until everything queued is final: what a founding waits for, before there is anything to follow."""
    give_up = time.monotonic() + _PATIENCE
    while sending.push():
        if time.monotonic() > give_up:
            raise Unavailable("ledger.unsettled", "transactions are still under way")
        time.sleep(_PAUSE)
