"""`ecert network up|found|down|status|stop|start|wipe`: four validators on this machine, left running by `up`.

`up` and `found` need the regions' own keys and stand in ecert.app.regions.founding.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ecert.app.network.looking import Standing, look
from ecert.app.network.plan import Node, Plan, read_plan
from ecert.app.network.processes import complaint, stop, wipe
from ecert.app.network.raising import raise_one
from ecert.domain.errors import NotFound
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its acts."""
    parser = subparsers.add_parser("network", help="本机四个验证节点 / four validators here", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    up = acts.add_parser("up", help="make what is missing, start what is down, return when block 3 is final")
    up.add_argument("--bare", action="store_true", help="the founders' keys are those of ECERT_SIGNER, no region's own")
    up.add_argument("--founder", action="append", metavar="ADDRESS", help="the founders' keys are elsewhere")
    acts.add_parser("found", help="contracts, regions and the demonstration's people, each region by its own key")
    acts.add_parser("down", help="end all validators; homes and chain stay")
    status = acts.add_parser("status", help="each validator's height, hash, age and peers")
    status.add_argument("--json", action="store_true", help="for machines")
    for act, told in (("stop", "end one"), ("start", "start one"), ("wipe", "forget the chain of one that is down")):
        one = acts.add_parser(act, help=f"{told} validator")
        one.add_argument("number", metavar="N", help="1 to 4, or the region: 31 to 34")
        if act == "stop":
            one.add_argument("--hard", action="store_true", help="kill it, as a power cut would")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Run one act on a network that is there; `network.*` errors say what is wrong and what to do."""
    root = settings.home / "network"
    match args.act:
        case "status":
            return _status(_known(root), clock, as_json=args.json)
        case "down":
            plan = _known(root)
            for node in plan.nodes:
                stop(plan, node)
        case "stop":
            _one(root, args.number, partial(stop, hard=args.hard))
        case "start":
            _one(root, args.number, raise_one)
        case _:
            _one(root, args.number, wipe)
    return 0


def _status(plan: Plan, clock: Clock, *, as_json: bool) -> int:
    standings = [look(plan, node, now=clock.now()) for node in plan.nodes]
    if as_json:
        print(json.dumps({"validators": [asdict(standing) for standing in standings]}))
    else:
        for node, standing in zip(plan.nodes, standings, strict=True):
            print(_line(node, standing), complaint(plan, node) or "")
    return 0


def _line(node: Node, standing: Standing) -> str:
    state = "运行 up  " if standing.up else "停止 down"
    at = "" if standing.height is None else f"{standing.height:>8}  {standing.hash}  {standing.age} s  {standing.peers}"
    return f"{node.region} {node.name:<10}{state}  {at}"


def _one(root: Path, number: str, act: Any) -> None:  # noqa: ANN401 - one of three acts on a plan and a node
    plan = _known(root)
    act(plan, plan.node(number))


def _known(root: Path) -> Plan:
    plan = read_plan(root)
    if plan is None:
        raise NotFound("network.absent", "ecert network up")
    return plan
