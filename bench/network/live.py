"""What is measured on four live validators, all on one chain: work, load, outage, growth, and following it anew."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench import house
from bench.network import following, growing, served, validators, working
from bench.network.growing import Weight, weigh
from bench.network.parts import Parts
from bench.timing import Row, scaled
from ecert.app.network.looking import await_height
from ecert.app.network.plan import Plan
from ecert.app.network.raising import raise_all
from ecert.app.wiring import House

__all__ = ["run"]

_BLOCKS: Final = 1_000
_LONGEST: Final = 600.0

Weights = dict[str, tuple[Weight, Weight]]


def run(parts: Parts, home: Path) -> None:
    """Bring the network up and run every part that needs it."""
    names = ("certificates", "batches", "receipts", "roots", "verification", "real")
    if any(map(parts.wants, names)):
        parts.guard("network", lambda: _run(parts, home))


def _run(parts: Parts, home: Path) -> list[Row]:
    weights: Weights = {}
    with validators.running(home) as plan:
        settings = validators.environment(plan, home)
        with house.opened(home, **settings, ECERT_BATCH_SIZE=str(scaled(working.BATCH))) as opened:
            parts.run("certificates", lambda: working.certificates(opened))
            parts.run("batches", lambda: working.batches(opened))
            parts.run("receipts", lambda: working.receipts(opened))
            parts.run("roots", lambda: _roots(plan, opened, weights))
            consortium, body = opened.directory.consortium, served.question(opened)
        parts.run("verification", lambda: served.measure(plan, settings, body))
        parts.run("real", lambda: _followed(plan, settings, home / "again", consortium, weights))
    return growing.rows(**weights) if weights.keys() == growing.NAMES else []


def _roots(plan: Plan, house: House, weights: Weights) -> list[Row]:
    """Anchor roots, then change statuses, and weigh the chain between."""
    begun = weigh(plan)
    roots = working.roots(house)
    between = weigh(plan, count=scaled(working.ROOTS))
    changes = working.changes(house)
    weights["anchored"], weights["changed"] = (begun, between), (between, weigh(plan, count=scaled(working.CHANGES)))
    return [*roots, *changes]


def _followed(plan: Plan, settings: Mapping[str, str], folder: Path, consortium: bytes, weights: Weights) -> list[Row]:
    """Let the chain hurry on to a thousand blocks, and follow them from nothing."""
    validators.stop_all(plan)
    validators.hurry(plan)
    raise_all(plan, now=time.time)
    begun = weigh(plan)
    await_height(plan, max(scaled(_BLOCKS), begun.height + 10), now=time.time, patience=_LONGEST)
    weights["idled"] = (begun, weigh(plan))
    return following.live({**settings, "ECERT_HOME": str(folder)}, folder, consortium)
