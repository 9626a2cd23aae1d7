"""How much of a validator's disk an empty block, an anchored root and a changed status take, as the network works.

The consensus log, which is cut at 1 GB, is left out, and so is what was overwritten: `ecertd compact` drops it first.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import Final

from bench.network.names import ANCHOR, BLOCK, CHANGE
from bench.timing import Row, row
from ecert.app.network.homes import BINARY
from ecert.app.network.looking import await_height, look
from ecert.app.network.plan import Plan
from ecert.app.network.processes import start, stop
from ecert.domain.errors import Unavailable

__all__ = ["NAMES", "Weight", "rows", "weigh"]

NAMES: Final = {"anchored", "changed", "idled"}
"""The pairs of weights that `rows` wants."""
_LOG: Final = "cs.wal"
_PATIENCE: Final = 120.0
_LOOK: Final = 0.1


@dataclass(frozen=True, slots=True)
class Weight:
    """What the first validator's disk holds at a height, bytes; `count` things were done since the weight before."""

    octets: int
    height: int
    count: int = 0


def weigh(plan: Plan, *, count: int = 0) -> Weight:
    """Weigh the blocks and states of the first validator, which is down meanwhile while the others go on."""
    node = plan.nodes[0]
    height = look(plan, node, now=time.time()).height or 0
    stop(plan, node)
    subprocess.run([str(BINARY), "compact", "--home", str(plan.home(node))], check=True)  # noqa: S603 - our own binary
    files = (plan.home(node) / "data").rglob("*")
    octets = sum(path.stat().st_size for path in files if path.is_file() and _LOG not in path.parts)
    start(plan, node)
    _await_return(plan, height)
    return Weight(octets, height, count)


def _await_return(plan: Plan, height: int) -> None:
    """Wait until the first validator stands at the head again among all the others."""
    await_height(plan, height, now=time.time, patience=_PATIENCE)
    give_up = time.monotonic() + _PATIENCE
    while (told := look(plan, plan.nodes[0], now=time.time())).peers != len(plan.nodes) - 1:
        if time.monotonic() > give_up:
            raise Unavailable("network.slow", f"{told.peers} peers after {_PATIENCE:.0f} s")
        time.sleep(_LOOK)


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
