"""`ecert regions`: one deployment for each region; `ecert demo --network` plays the demonstration there."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress
from typing import Any

from ecert.app import demo
from ecert.app.demo.founding import bootstrap_delta
from ecert.app.demo.furnishing import furnish_people
from ecert.app.regions.plan import FIRST_PORT, Plan, free_ports, plan, ports_from
from ecert.app.regions.running import opened
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "demonstrate", "run"]

_LAST_PORT = 65_532


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("regions", help="每个地区一套平台 / one deployment per region", description=__doc__)
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="the first of four ports, one a region")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Serve all four; with ECERT_DEMO=1 the demonstration's people first."""
    laid = _plan(settings, ports_from(min(args.port, _LAST_PORT)))
    with opened(laid, clock) as delta:
        if settings.demo:
            bootstrap_delta(delta)
            furnish_people(delta)
        for region in laid.ports:
            print(f"{region}  {laid.url(region)}  {laid.home / str(region)}", file=sys.stderr)
        print("四地平台已启动 / serving, one deployment per region (Ctrl-C 停止 / stops)", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def demonstrate(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Play the whole demonstration on four deployments: each act in the deployment whose it is."""
    with opened(_plan(settings, free_ports()), clock) as delta:
        return demo.play(args, delta)


def _plan(settings: Settings, ports: dict[int, int]) -> Plan:
    home = settings.home / "regions"
    shared = {
        "ECERT_HEARTBEAT": str(settings.heartbeat),
        "ECERT_CODE_SECONDS": str(settings.code_seconds),
        "ECERT_BATCH_SIZE": str(settings.batch_size),
        "ECERT_BATCH_SECONDS": str(settings.batch_seconds),
        "ECERT_DEMO": "1" if settings.demo else "0",
        "ECERT_LOG": settings.log,
    }
    own_chain = f"embedded:{settings.home}/chain.sqlite"
    return plan(home, ports, ledger=None if settings.ledger == own_chain else settings.ledger, more=shared)
