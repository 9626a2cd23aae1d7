"""Four validators of the benchmark's own: a new chain in a temporary home, free ports, ended by process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ecert.app.network.plan import BARE, Plan
from ecert.app.network.processes import stop
from ecert.app.network.raising import lay, raise_all
from ecert.app.wiring import account
from ecert.runtime.keys import open_keys
from wallet_codes.regions import REGIONS

__all__ = ["environment", "hurry", "running", "stop_all"]

_HEARTBEAT: Final = 60
_PACE: Final = {"timeout_commit": "10ms", "create_empty_blocks_interval": "10ms"}


@contextmanager
def running(home: Path) -> Iterator[Plan]:
    """Make a network whose founders' keys are under `home`, start it as it is by default, and end it."""
    keys = open_keys(f"file:{home}/keys")
    founders = ["0x" + account(keys.secret(f"chain-{region.number}-admin")).address.hex() for region in REGIONS]
    plan = lay(home / "network", lambda: founders, founding=BARE, heartbeat=_HEARTBEAT)
    try:
        raise_all(plan, now=time.time)
        yield plan
    finally:
        stop_all(plan)


def environment(plan: Plan, home: Path, **more: str) -> dict[str, str]:
    """Give the settings of a deployment of all regions on this network."""
    return {**plan.settings(), "ECERT_HOME": str(home), "ECERT_LOG": "error", **more}


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
