"""Four validators of the benchmark's own: a new chain in a temporary home, free ports, ended by process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ecert.app.network.homes import hold_binary, hold_homes, make_homes
from ecert.app.network.looking import await_height
from ecert.app.network.plan import Plan
from ecert.app.network.processes import start, stop
from ecert.app.wiring import account
from ecert.runtime.keys import open_keys
from wallet_codes.regions import REGIONS

__all__ = ["disk", "environment", "hurry", "running", "start_all", "stop_all"]

_HEARTBEAT: Final = 60
_PATIENCE: Final = 120.0
_FINAL: Final = 3
_PACE: Final = {"timeout_commit": "10ms", "create_empty_blocks_interval": "10ms"}


@contextmanager
def running(home: Path) -> Iterator[Plan]:
    """Make a network whose founders' keys are under `home`, start it as it is by default, and end it."""
    hold_binary()
    keys = open_keys(f"file:{home}/keys")
    founders = ["0x" + account(keys.secret(f"chain-{region.number}-admin")).address.hex() for region in REGIONS]
    plan = make_homes(home / "network", founders, heartbeat=_HEARTBEAT)
    hold_homes(plan)
    try:
        start_all(plan, height=_FINAL)
        yield plan
    finally:
        stop_all(plan)


def environment(plan: Plan, home: Path, **more: str) -> dict[str, str]:
    """Give the settings of a deployment of all regions on this network."""
    return {**plan.settings(), "ECERT_HOME": str(home), "ECERT_LOG": "error", **more}


def start_all(plan: Plan, *, height: int) -> None:
    """Start every validator and wait until each has the block."""
    for node in plan.nodes:
        start(plan, node)
    await_height(plan, height, now=time.time, patience=_PATIENCE)


def stop_all(plan: Plan, *, hard: bool = False) -> None:
    """End every validator that runs."""
    for node in plan.nodes:
        stop(plan, node, hard=hard)


def hurry(plan: Plan) -> None:
    """Let blocks come as fast as they can, empty ones too, from the next start on."""
    for node in plan.nodes:
        path = plan.home(node) / "config" / "config.toml"
        lines = path.read_text("utf-8").splitlines()
        names = {line: line.partition("=")[0].strip() for line in lines}
        told = [f'{names[line]} = "{_PACE[names[line]]}"' if names[line] in _PACE else line for line in lines]
        path.write_text("\n".join(told) + "\n", "utf-8")


def disk(plan: Plan) -> int:
    """Weigh the first validator's blocks and states, bytes."""
    folder = plan.home(plan.nodes[0]) / "data"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "cs.wal" not in path.parts)
