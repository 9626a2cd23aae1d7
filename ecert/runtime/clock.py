"""The one place that asks what time it is; everybody else is told `now`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Tells the time; `clock.now` also serves where a plain function is wanted."""

    def now(self) -> float:
        """Return Unix seconds."""


@dataclass(frozen=True, slots=True)
class WallClock:
    """The machine's own clock, which its operator keeps right."""

    def now(self) -> float:
        """Return the machine's Unix seconds."""
        return time.time()


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """Another clock's time moved by `seconds`: a reading side that judges as of a later (or earlier) now."""

    under: Clock
    seconds: float

    def now(self) -> float:
        """Return the shifted Unix seconds."""
        return self.under.now() + self.seconds
