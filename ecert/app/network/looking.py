"""Asking the validators how they are: height, hash and age of the newest block, and peers (CometBFT RPC)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from ecert.app.network.plan import Node, Plan
from ecert.app.network.processes import fault_of, is_up
from ecert.domain.errors import Unavailable

__all__ = ["Standing", "await_height", "look"]

_SILENCE: Final = 3.0
_PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""These doors are plain HTTP: to load the system's authorities would cost each question a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a validator is; height, hash (0x), age (seconds) and peers are None where it does not answer."""

    region: int
    up: bool
    height: int | None = None
    hash: str | None = None
    age: float | None = None
    peers: int | None = None


def look(plan: Plan, node: Node, *, now: float) -> Standing:
    """Ask one validator; a silent one is told, never an error."""
    up = is_up(plan, node)
    try:
        sync, net = _ask(node, "status")["sync_info"], _ask(node, "net_info")
        height, block_hash = int(sync["latest_block_height"]), str(sync["latest_block_hash"])
        age = now - datetime.fromisoformat(sync["latest_block_time"][:19] + "+00:00").timestamp()
        return Standing(node.region, up, height, "0x" + block_hash.lower(), round(age, 1), int(net["n_peers"]))
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        return Standing(node.region, up)


def await_height(plan: Plan, height: int, *, now: Callable[[], float], patience: float) -> None:
    """Wait until every running validator has a block; Unavailable("network.slow"), or why one ended."""
    deadline = time.monotonic() + patience
    while True:
        ended = [node for node in plan.nodes if not is_up(plan, node)]
        if ended:
            raise fault_of(plan, ended[0])
        standings = [look(plan, node, now=now()) for node in plan.nodes]
        if all(standing.height is not None and standing.height >= height for standing in standings):
            return
        if time.monotonic() > deadline:
            raise Unavailable("network.slow", f"block {height} after {patience:.0f} s")
        time.sleep(0.2)


def _ask(node: Node, method: str) -> Any:  # noqa: ANN401 - JSON of the validator
    answer = httpx.get(f"{node.consensus_rpc}/{method}", timeout=_SILENCE, trust_env=False, verify=_PLAIN)
    return answer.json()["result"]
