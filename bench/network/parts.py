"""The parts of a run: each may fail by its name while the others go on."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from bench.timing import Row

__all__ = ["Parts"]


@dataclass(slots=True)
class Parts:
    """Runs the parts that were chosen (none: all) and keeps what they measured, and the names of those that failed."""

    chosen: frozenset[str]
    rows: list[Row] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def wants(self, name: str) -> bool:
        """Tell whether a part is to be run."""
        return not self.chosen or name in self.chosen

    def run(self, name: str, measure: Callable[[], list[Row]]) -> None:
        """Run one part where it is wanted."""
        if self.wants(name):
            self.guard(name, measure)

    def guard(self, name: str, measure: Callable[[], list[Row]]) -> None:
        """Let whatever is raised end this part alone, and be told by its name."""
        begun = perf_counter()
        try:
            self.rows += measure()
        except Exception:  # noqa: BLE001 - whatever a part fails by, the others go on
            traceback.print_exc()
            self.failed.append(name)
        print(f"... {name}: {perf_counter() - begun:.0f} s", file=sys.stderr)
