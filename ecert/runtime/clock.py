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
