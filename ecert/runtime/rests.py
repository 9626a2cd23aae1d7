"""How long somebody who did not answer is left alone: longer each time, with jitter so that not all come back at once.

>>> 0.25 <= rest_after(1, first=0.5, longest=10) <= 0.5
True
"""

from __future__ import annotations

from typing import Final

from ecert.domain import ids

__all__ = ["rest_after"]

_DOUBLINGS: Final = 30
_STEPS: Final = 1000


def rest_after(faults: int, *, first: float, longest: float) -> float:
    """Seconds to rest after `faults` faults in a row, 1 or more: doubled each time, of that half to all."""
    whole = min(first * (1 << min(faults - 1, _DOUBLINGS)), longest)
    return whole * (1 + ids.random_below(_STEPS + 1) / _STEPS) / 2
