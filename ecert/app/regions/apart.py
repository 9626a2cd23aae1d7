"""Four deployments in four processes on the consortium's network; this one works beside each, following nothing.

A process without the role `follower` queues into a deployment's database and reads the replica that another writes: so
the demonstration's windows and issuers act here, and every code and holding is asked of its region's own process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from ecert.app.delta import Delta
from ecert.app.regions.plan import Plan
from ecert.app.regions.running import found_chain, open_chain
from ecert.app.wiring import open_house
from ecert.domain.errors import Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.settings import FOLLOWER, ROLES, load_settings

__all__ = ["opened_apart"]

_COMMAND: Final = "from ecert.app.cli import main; raise SystemExit(main())"
_PATIENCE: Final = 180.0
_BESIDE: Final = ",".join(role for role in ROLES if role != FOLLOWER)


@contextmanager
def opened_apart(laid: Plan, clock: Clock) -> Iterator[Delta]:
    """Found the chain where it is new, start every region's process, and open a hand beside each."""
    ledger = open_chain(laid, clock)
    try:
        consortium = found_chain(laid, ledger, clock)
    finally:
        ledger.close()
    with ExitStack() as undo:
        started = {region: undo.enter_context(_process(laid, region, consortium)) for region in laid.ports}
        for region, process in started.items():
            _await(laid, region, process)
        houses = {}
        for region in laid.ports:
            beside = {**laid.environment(region, consortium), "ECERT_ROLES": _BESIDE}
            houses[region] = house = open_house(load_settings(beside), clock)
            undo.callback(house.close)
        yield Delta(houses, _Stopping(started).away)


class _Stopping:
    """Takes a process away without ending it: it answers nobody, and goes on where it was."""

    def __init__(self, processes: Mapping[int, subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    @contextmanager
    def away(self, region: int) -> Iterator[None]:
        self._processes[region].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._processes[region].send_signal(signal.SIGCONT)


@contextmanager
def _process(laid: Plan, region: int, consortium: bytes) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ECERT_")}
    environment |= laid.environment(region, consortium)
    home = laid.home / str(region)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = [sys.executable, "-c", _COMMAND, "serve", "--port", str(laid.ports[region])]
    with (home / "serve.json").open("ab") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own command
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(laid: Plan, region: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{laid.url(region)}/healthz", trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise Unavailable("gateway.port", f"region {region} does not serve: {Path(str(region)) / 'serve.json'} says why")
