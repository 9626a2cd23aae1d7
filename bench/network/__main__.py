"""`make bench-network`: the consortium's network in one run; the table goes to the screen, the page and var/.

    python -m bench.network                  every part; writes docs/performance.md and var/bench-network.json
    python -m bench.network steps roots      some; the documents are left as they are

SHORT=1 cuts every shape to a hundredth and leaves the documents as they are. A part that fails is named, the others go
on, nothing is written, and the exit code is 1.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.network import following, live, starting, steps
from bench.network.parts import Parts
from bench.table import publish, show
from bench.timing import SHORT

__all__ = ["main"]

NAME: Final = "bench-network"


def main(chosen: list[str]) -> int:
    """Run the parts, show the table, and write it where all of it was measured."""
    signal.signal(signal.SIGTERM, _end)
    parts = Parts(frozenset(chosen))
    with tempfile.TemporaryDirectory(prefix="ecert-bench-network-") as told:
        folder = Path(told)
        live.run(parts, folder / "home")
        parts.run("made", lambda: following.made(folder / "made"))
        parts.run("steps", lambda: steps.measure(folder / "steps"))
        parts.run("start", lambda: starting.measure(folder / "start"))
    print(show(parts.rows))
    if parts.failed:
        print("failed: " + ", ".join(parts.failed), file=sys.stderr)
        return 1
    if not (SHORT or chosen):
        publish(parts.rows, name=NAME)
    return 0


def _end(*_: object) -> None:
    """End in order, so that validators and servers are ended, too; once is enough."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
