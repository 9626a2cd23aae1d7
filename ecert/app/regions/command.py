"""`ecert regions`: one deployment for each region; `ecert demo --network` plays the demonstration there.

Where ECERT_LEDGER names a network, or the validator is built (`make validator`), each deployment is a process of its
own beside its own validator. Otherwise one embedded chain serves all four in this process, still over HTTP.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from ecert.app import demo
from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap_delta
from ecert.app.demo.furnishing import furnish_people
from ecert.app.network.homes import BINARY
from ecert.app.regions.apart import opened_apart
from ecert.app.regions.founding import on_network
from ecert.app.regions.plan import FIRST_PORT, Plan, free_ports, plan_of, ports_from
from ecert.app.regions.running import opened
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "demonstrate", "run"]

_LAST_PORT: Final = 65_532
_ENDS: Final = (signal.SIGINT, signal.SIGTERM)


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
    with ExitStack() as undo:
        undo.enter_context(_ended_gently())
        chain = _told(settings)
        if chain is None and os.access(BINARY, os.X_OK):
            chain = undo.enter_context(on_network(settings, clock))
        laid = plan_of(settings, ports, chain=chain)
        if chain is None:
            print("没有验证节点程序，改用内嵌链 / no validator is built: on one embedded chain", file=sys.stderr)
        yield laid, undo.enter_context(opened_apart(laid, clock) if chain else opened(laid, clock))


def _told(settings: Settings) -> Mapping[str, str] | None:
    """Repeat the settings of the network that ECERT_LEDGER names; None where it names none."""
    if not settings.ledger.startswith("rpc+"):
        return None
    told = {"ECERT_LEDGER": settings.ledger, "ECERT_GENESIS": str(settings.genesis)}
    told |= {"ECERT_CONSENSUS": ",".join(settings.consensus)} if any(settings.consensus) else {}
    return told | ({"ECERT_LEDGER_TLS": str(settings.ledger_tls)} if settings.ledger_tls else {})


@contextmanager
def _ended_gently() -> Iterator[None]:
    """Let SIGTERM end this as Ctrl-C does, even where it was started with SIGINT ignored, as a script's job is.

    The deployments and validators that were started are processes of their own, and must not outlive this one.
    """
    before = {number: signal.signal(number, _end) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: object) -> None:
    for number in _ENDS:  # A second one must not break off the ending.
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
