"""The thread that makes the embedded chain's blocks: when one is due, and again when one fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ecert.runtime.logs import log, place_of

__all__ = ["Producer", "Wait"]

Wait = Callable[[threading.Event, float], object]

_LONGEST_WAIT = 1.0  # seconds; the clock is looked at again at least so often, because it may be set
_FIRST_BACK_OFF = 0.1
_LONGEST_BACK_OFF = 5.0


class Producer:
    """Calls `make` whenever `seconds_until_due()` has come down to zero."""

    def __init__(self, *, seconds_until_due: Callable[[], float], make: Callable[[], object], wait: Wait) -> None:
        """Start the thread."""
        self._seconds_until_due = seconds_until_due
        self._make = make
        self._wait = wait
        self._woken = threading.Event()
        self._stopping = False
        self._back_off = 0.0
        self._thread = threading.Thread(target=self._run, name="ledger-producer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Say whether blocks are still being made."""
        return self._thread.is_alive() and not self._stopping

    def wake(self) -> None:
        """Look again at once whether a block is due."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread, after the block that it may be making."""
        self._stopping = True
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            seconds = min(self._seconds_until_due(), _LONGEST_WAIT)
            if seconds > 0 or self._back_off:
                self._wait(self._woken, max(seconds, self._back_off))
            if not self._stopping and self._seconds_until_due() <= 0:
                self._try()

    def _try(self) -> None:
        try:
            self._make()
        except Exception as fault:  # noqa: BLE001 - nothing is lost, and a thread that ended would stop the chain
            self._back_off = min(2 * self._back_off or _FIRST_BACK_OFF, _LONGEST_BACK_OFF)
            name, place = type(fault).__name__, place_of(fault)
            log("chain.no_block", level=logging.ERROR, error=name, place=place, seconds=self._back_off)
        else:
            self._back_off = 0.0
