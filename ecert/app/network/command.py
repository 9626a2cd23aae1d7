"""`ecert network up|down|status|stop|start|wipe`: four validators on this machine, left running by `up`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from ecert.app.network.homes import hold_binary, hold_homes, hold_ports, make_homes
from ecert.app.network.looking import Standing, await_height, look
from ecert.app.network.plan import Node, Plan, read_plan
from ecert.app.network.processes import is_up, start, stop, wipe
from ecert.app.wiring import account
from ecert.domain.errors import NotFound
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings
from wallet_codes.regions import REGIONS

__all__ = ["add", "run"]

_FINAL: Final = 3
_PATIENCE: Final = 120.0


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its acts."""
    parser = subparsers.add_parser("network", help="本机四个验证节点 / four validators here", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    up = acts.add_parser("up", help="make what is missing, start what is down, return when block 3 is final")
    up.add_argument(
        "--founder", action="append", metavar="ADDRESS", help="founders, where this home has not their keys"
    )
    acts.add_parser("down", help="end all validators; homes and chain stay")
    status = acts.add_parser("status", help="each validator's height, hash, age and peers")
    status.add_argument("--json", action="store_true", help="for machines")
    for act, told in (("stop", "end one"), ("start", "start one"), ("wipe", "forget the chain of one that is down")):
        one = acts.add_parser(act, help=f"{told} validator")
        one.add_argument("number", metavar="N", help="1 to 4, or the region: 31 to 34")
        if act == "stop":
            one.add_argument("--hard", action="store_true", help="kill it, as a power cut would")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Run one act; `network.*` errors say what is wrong and what to do."""
    root = settings.home / "network"
    match args.act:
        case "up":
            return _up(root, settings, clock, args.founder)
        case "status":
            return _status(_known(root), clock, as_json=args.json)
        case "down":
            plan = _known(root)
            for node in plan.nodes:
                stop(plan, node)
        case "stop":
            _one(root, args.number, partial(stop, hard=args.hard))
        case "start":
            _one(root, args.number, _start)
        case _:
            _one(root, args.number, wipe)
    return 0


def _up(root: Path, settings: Settings, clock: Clock, founders: list[str] | None) -> int:
    hold_binary()
    plan = read_plan(root)
    if plan is None:
        plan = make_homes(root, founders or _founders(settings), heartbeat=settings.heartbeat)
    hold_homes(plan)
    for node in plan.nodes:
        _start(plan, node)
    await_height(plan, _FINAL, now=clock.now, patience=_PATIENCE)
    _tell(plan)
    return 0


def _founders(settings: Settings) -> list[str]:
    """Return the address of each region's own admin key, which is made on first use."""
    keys = open_keys(settings.signer)
    return ["0x" + account(keys.secret(f"chain-{region.number}-admin")).address.hex() for region in REGIONS]


def _start(plan: Plan, node: Node) -> None:
    if not is_up(plan, node):
        hold_binary()
        hold_homes(plan)
        hold_ports(node)
        start(plan, node)


def _status(plan: Plan, clock: Clock, *, as_json: bool) -> int:
    standings = [look(plan, node, now=clock.now()) for node in plan.nodes]
    if as_json:
        print(json.dumps({"validators": [asdict(standing) for standing in standings]}))
    else:
        for node, standing in zip(plan.nodes, standings, strict=True):
            print(_line(node, standing))
    return 0


def _line(node: Node, standing: Standing) -> str:
    state = "运行 up  " if standing.up else "停止 down"
    at = "" if standing.height is None else f"{standing.height:>8}  {standing.hash}  {standing.age} s  {standing.peers}"
    return f"{node.region} {node.name:<10}{state}  {at}"


def _tell(plan: Plan) -> None:
    print(f"四个验证节点已运行 / four validators run, chain {plan.chain_id}; 查看 / look inside:")
    for node in plan.nodes:
        print(
            f"  {node.region} {node.name:<10}{node.json_rpc}  {node.consensus_rpc}/status  {plan.root / node.name}.log"
        )
    for name, value in plan.settings().items():
        print(f"  export {name}={value}")


def _one(root: Path, number: str, act: Any) -> None:  # noqa: ANN401 - one of three acts on a plan and a node
    plan = _known(root)
    act(plan, plan.node(number))


def _known(root: Path) -> Plan:
    plan = read_plan(root)
    if plan is None:
        raise NotFound("network.absent", "ecert network up")
    return plan
