"""Medians over interleaved rounds, and rows that hold each to its yardstick in the same run.

What only computes is timed by this thread's processor time, which other work on the machine stretches but does not
interrupt; what waits for a disk or a network, by the wall. Either way a ratio of two medians taken turn by turn hardly
moves where a time in microseconds does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter, thread_time
from typing import Any, Final

__all__ = ["SHORT", "Row", "counted", "interleaved", "row", "scaled"]

SHORT: Final = os.environ.get("SHORT") == "1"
"""Whether every shape is cut to a hundredth: the same code paths, no claims."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is to the yardstick's median; `aim` bounds it, as "<= 1.5" or ">= 0.65"."""

    name: str
    median: float
    unit: str
    yardstick: str | None = None
    ratio: float | None = None
    aim: str | None = None
    met: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the object of var/bench.json."""
        return asdict(self)


def interleaved(
    cases: Mapping[str, Callable[[], object]], *, rounds: int, calls: int = 1, waits: bool = False
) -> dict[str, float]:
    """Time each case in turn, `rounds` times over; median seconds a call. `waits`: a case does more than compute."""
    clock = perf_counter if waits else thread_time
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for case in cases.values():
        case()
    for _ in range(rounds):
        for name, case in cases.items():
            begun = clock()
            for _ in range(calls):
                case()
            taken[name].append((clock() - begun) / calls)
    return {name: median(seconds) for name, seconds in taken.items()}


def row(
    name: str,
    value: float,
    unit: str,
    *,
    yardstick: tuple[str, float] | None = None,
    aim: str | None = None,
) -> Row:
    """Hold a value to a yardstick (its name and value in the same unit) and, where there is one, to an aim."""
    if yardstick is None:
        return Row(name, value, unit, aim=aim, met=_met(value, aim))
    ratio = value / yardstick[1]
    return Row(name, value, unit, yardstick[0], ratio, aim, _met(ratio, aim))


def scaled(count: int) -> int:
    """Cut a count to a hundredth in a short run."""
    return max(1, count // 100) if SHORT else count


def counted(count: int) -> str:
    """Write a count as a person reads it."""
    return f"{count:,}"


def _met(value: float, aim: str | None) -> bool | None:
    if aim is None:
        return None
    sign, bound = aim.split()
    return value <= float(bound) if sign == "<=" else value >= float(bound)
