"""How much of a validator's disk an empty block, an anchored root and a changed status take, as the network works.

The consensus log, which is cut at 1 GB, is left out; what LevelDB has not compacted yet is in it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from bench.network.names import ANCHOR, BLOCK, CHANGE
from bench.timing import Row, row
from ecert.app.network.looking import look
from ecert.app.network.plan import Plan

__all__ = ["NAMES", "Weight", "rows", "weigh"]

NAMES: Final = {"anchored", "changed", "idled"}
"""The pairs of weights that `rows` wants."""
_LOG: Final = "cs.wal"


@dataclass(frozen=True, slots=True)
class Weight:
    """What the first validator's disk holds at a height, bytes; `count` things were done since the weight before."""

    octets: int
    height: int
    count: int = 0


def weigh(plan: Plan, *, count: int = 0) -> Weight:
    """Weigh the blocks and states of the first validator."""
    folder = plan.home(plan.nodes[0]) / "data"
    octets = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and _LOG not in path.parts)
    return Weight(octets, look(plan, plan.nodes[0], now=time.time()).height or 0, count)


def rows(*, anchored: tuple[Weight, Weight], changed: tuple[Weight, Weight], idled: tuple[Weight, Weight]) -> list[Row]:
    """Tell what one of each takes; the blocks that held roots and changes count as empty ones beside them."""
    block = (idled[1].octets - idled[0].octets) / (idled[1].height - idled[0].height)
    return [
        row(BLOCK, block, "B"),
        row(ANCHOR, _each(*anchored, block=block), "B"),
        row(CHANGE, _each(*changed, block=block), "B"),
    ]


def _each(before: Weight, after: Weight, *, block: float) -> float:
    return (after.octets - before.octets - block * (after.height - before.height)) / after.count
