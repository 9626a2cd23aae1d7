"""Which test is asked first: one that noticed other mutants of the same function, the more it noticed for its time."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.mutation.mutants import Mutant

_START = 0.002
"""Seconds that any test takes to begin and end."""


class Noticed:
    """What was noticed so far, by file and function; a forked worker goes on with what its parent knew."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds
        self._counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(self, mutant: Mutant, test: str) -> None:
        """Remember that the test noticed the mutant."""
        self._counts[mutant.path, mutant.function][test] += 1

    def first(self, mutant: Mutant, tests: Sequence[str]) -> list[str]:
        """Put first, of these tests, those that noticed the most a second; the others stay as they stood."""
        counts = self._counts[mutant.path, mutant.function]
        return sorted(tests, key=lambda test: -counts[test] / (_START + self._seconds[test]) if test in counts else 0.0)
