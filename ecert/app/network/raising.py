"""Bringing a network up: what is missing is made, what is down is started, and block 3 is awaited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ecert.app.network.homes import hold_binary, hold_homes, hold_ports, make_homes
from ecert.app.network.looking import await_height
from ecert.app.network.plan import DUE, Node, Plan, read_plan
from ecert.app.network.processes import is_up, start

__all__ = ["lay", "raise_all", "raise_one", "tell"]

_FINAL: Final = 3
_PATIENCE: Final = 120.0


def lay(root: Path, founders: Callable[[], Sequence[str]], *, founding: str, heartbeat: int) -> Plan:
    """Read the network under `root`, or make its homes for founders' addresses; faults: see `make_homes`."""
    hold_binary()
    return read_plan(root) or make_homes(root, founders(), founding=founding, heartbeat=heartbeat)


def raise_all(plan: Plan, *, now: Callable[[], float]) -> None:
    """Start every validator that is down; return when block 3 is final with each."""
    hold_homes(plan)
    for node in plan.nodes:
        raise_one(plan, node)
    await_height(plan, _FINAL, now=now, patience=_PATIENCE)


def raise_one(plan: Plan, node: Node) -> None:
    """Start a validator, if it is down, after judging all homes and its ports."""
    if not is_up(plan, node):
        hold_binary()
        hold_homes(plan)
        hold_ports(node)
        start(plan, node)


def tell(plan: Plan) -> None:
    """Print where to look inside, the settings of a deployment on this chain, and what is still to be done."""
    print(f"四个验证节点已运行 / four validators run, block 3 is final, chain {plan.chain_id}; 查看 / look inside:")
    for node in plan.nodes:
        log = plan.root / f"{node.name}.log"
        print(f"  {node.region} {node.name:<10}{node.json_rpc}  {node.consensus_rpc}/status  {log}")
    for name, value in plan.settings().items():
        print(f"  export {name}={value}")
    if plan.founding == DUE:
        print("联盟尚未建立 / the consortium is not founded yet: ecert network found")
