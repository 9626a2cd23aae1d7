"""`ecert regions`: one deployment for each region; `ecert demo --network` plays the demonstration there.

Where ECERT_LEDGER names a network, or the validator is built (`make validator`), each deployment is a process of its
own beside its own validator. Otherwise one embedded chain serves all four in this process, still over HTTP.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ecert.app import demo, network
from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap_delta
from ecert.app.demo.furnishing import furnish_people
from ecert.app.network.homes import BINARY
from ecert.app.network.plan import read_plan
from ecert.app.regions.apart import opened_apart
from ecert.app.regions.plan import FIRST_PORT, Plan, free_ports, plan, ports_from
from ecert.app.regions.running import opened
from ecert.app.wiring import account
from ecert.domain.errors import Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings

__all__ = ["add", "demonstrate", "run"]

_LAST_PORT: Final = 65_532


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("regions", help="每个地区一套平台 / one deployment per region", description=__doc__)
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="the first of four ports, one a region")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Serve all four; with ECERT_DEMO=1 the demonstration's people first."""
    with _standing(settings, ports_from(min(args.port, _LAST_PORT)), clock) as (laid, delta):
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
    with _standing(replace(settings, demo=False), free_ports(), clock) as (_, delta):
        return demo.play(args, delta)


@contextmanager
def _standing(settings: Settings, ports: dict[int, int], clock: Clock) -> Iterator[tuple[Plan, Delta]]:
    home, shared = settings.home / "regions", _shared(settings)
    if settings.ledger.startswith("rpc+"):
        told = {"ECERT_LEDGER": settings.ledger, "ECERT_GENESIS": str(settings.genesis)}
        told |= {"ECERT_CONSENSUS": ",".join(settings.consensus)} if any(settings.consensus) else {}
        told |= {"ECERT_LEDGER_TLS": str(settings.ledger_tls)} if settings.ledger_tls else {}
        laid = plan(home, ports, chain=told, more=shared)
        with opened_apart(laid, clock) as delta:
            yield laid, delta
    elif os.access(BINARY, os.X_OK):
        with _network(settings, home, plan(home, ports, more=shared), clock) as chain:
            laid = plan(home, ports, chain=chain, more=shared)
            with opened_apart(laid, clock) as delta:
                yield laid, delta
    else:
        print("没有验证节点程序，改用内嵌链 / no validator is built: on one embedded chain", file=sys.stderr)
        laid = plan(home, ports, more=shared)
        with opened(laid, clock) as delta:
            yield laid, delta


@contextmanager
def _network(settings: Settings, home: Path, laid: Plan, clock: Clock) -> Iterator[Mapping[str, str]]:
    """Bring four validators up, founded by each region's own key, and down again."""
    custodies = {region: open_keys(laid.settings(region, bytes(20)).signer) for region in laid.ports}
    founders = [
        "0x" + account(keys.secret(f"chain-{region}-admin")).address.hex() for region, keys in custodies.items()
    ]
    on = replace(settings, home=home)
    with redirect_stdout(sys.stderr):
        network.run(argparse.Namespace(act="up", founder=founders), on, clock)
    try:
        standing = read_plan(home / "network")
        if standing is None:
            raise Unavailable("network.absent", "ecert network up")
        yield standing.settings()
    finally:
        network.run(argparse.Namespace(act="down"), on, clock)


def _shared(settings: Settings) -> dict[str, str]:
    return {
        "ECERT_HEARTBEAT": str(settings.heartbeat),
        "ECERT_CODE_SECONDS": str(settings.code_seconds),
        "ECERT_BATCH_SIZE": str(settings.batch_size),
        "ECERT_BATCH_SECONDS": str(settings.batch_seconds),
        "ECERT_DEMO": "1" if settings.demo else "0",
        "ECERT_LOG": settings.log,
    }
