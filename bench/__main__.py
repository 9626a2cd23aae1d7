"""`make bench`: all in one run; the table goes to the screen, to docs/performance.md and var/bench.json.

    python -m bench            all groups
    python -m bench tree api   some; the documents are left as they are

SHORT=1 cuts every shape to a hundredth and leaves the documents as they are.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench import abroad, anchoring, certificates, codes, house, serving, statuses, trees
from bench.table import publish, show
from bench.timing import SHORT, Row

__all__ = ["main"]


def main(chosen: list[str]) -> None:
    """Run the chosen groups, or all."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ecert-bench-") as folder:
        for name in chosen or _GROUPS:
            print(f"... {name}", file=sys.stderr)
            rows += _GROUPS[name](Path(folder) / name)
    print(show(rows))
    if not (SHORT or chosen):
        publish(rows)


def _house(folder: Path) -> list[Row]:
    # A batch of 10,000 roots as many certificates as one request issues.
    with house.opened(folder, ECERT_BATCH_SIZE="10000") as opened:
        return [*codes.measure(opened), *anchoring.measure(opened)]


def _peers(folder: Path) -> list[Row]:
    ours = certificates.beside(folder / "ours")
    verified, judged = ((row.name, row.median) for row in ours)
    return [*ours, *abroad.measure(folder / "shown", verified=verified, judged=judged)]


_GROUPS: Final[Mapping[str, Callable[[Path], list[Row]]]] = {
    "certificate": certificates.measure,
    "tree": lambda _folder: trees.measure(),
    "status": statuses.measure,
    "house": _house,
    "api": serving.measure,
    "peers": _peers,
}

if __name__ == "__main__":
    main(sys.argv[1:])
