"""A verification over HTTP while the network is idle, at full load and down, and what every process holds of memory.

Three processes work as a deployment does: four validators, the service that follows, closes and sends, and beside it
one that judges alone from the replica which the service writes. The load is certificates in batches of one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import httpx
import orjson

from bench.house import REGION, request
from bench.network import children, working
from bench.network.children import MIB, PLAIN, Child, resident
from bench.network.validators import stop_all
from bench.shapes import ASKING, HOLDER
from bench.timing import SHORT, Row, row, scaled
from ecert.app.network.plan import Plan
from ecert.app.wiring import House, open_house
from ecert.domain.receipt import Container, format_container
from ecert.runtime.clock import WallClock
from ecert.runtime.settings import load_settings
from issuer import issue_many

__all__ = ["measure", "question"]

_COMMAND: Final = "from ecert.app.cli import main; raise SystemExit(main())"
_DOOR: Final = "/api/v1/verifications"
_ASKED: Final = 1_000
_LOAD: Final = 3_000
"""Roots that wait when the load begins: more than the chain takes while it is measured."""
_OUTAGE: Final = 3.0
"""Seconds after which an outage is one to everybody."""
_PATIENCE: Final = 180.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What verifications took: by the wall and by the judging process's own time, milliseconds."""

    median: float
    late: float
    own: float


def measure(plan: Plan, settings: Mapping[str, str], body: bytes) -> list[Row]:
    """Serve, load, take the validators away; the rows hold each to the idle network."""
    with ExitStack() as undo:
        service = undo.enter_context(_served({**settings, "ECERT_BATCH_SIZE": "1"}, "all"))
        judge = undo.enter_context(_served(settings, "verifier"))
        before = _memory(plan, service, judge)
        idle = _asked(judge, body)
        _load(service, settings)
        loaded = _asked(judge, body)
        after = _memory(plan, service, judge)
        if not (SHORT or _waiting(service, "transactions_waiting")):
            raise RuntimeError("the load ended before its measurement")
        stop_all(plan, hard=True)
        time.sleep(_OUTAGE)
        down = _asked(judge, body)
    return [*_rows(idle, loaded, down), *_weighed(before, "idle"), *_weighed(after, "at full load")]


def question(house: House) -> bytes:
    """Issue a certificate and write the body of its verification."""
    (issued,) = issue_many(house.issuer, [request()], now=house.floor.now())
    house.settle()
    with house.floor.database.reading() as connection:
        receipt = house.anchoring.receipt(connection, region=REGION, fingerprint=issued.fingerprint)
    holder = {"id_type": "001", "id": HOLDER.id}
    container = orjson.loads(format_container(Container(issued.text, receipt)))
    return orjson.dumps({"container": container, "division": ASKING.division, "holder": holder})


def _asked(judge: Child, body: bytes) -> Taken:
    """Ask one at a time over one connection; every answer must be *accept*."""
    count, taken = scaled(_ASKED), []
    with httpx.Client(
        base_url=judge.url, headers={"content-type": "application/json"}, trust_env=False, verify=PLAIN
    ) as client:
        client.post(_DOOR, content=body)
        own = judge.processor_time()
        for _ in range(count):
            begun = perf_counter()
            answer = client.post(_DOOR, content=body)
            taken.append((perf_counter() - begun) * 1e3)
            if answer.json().get("verdict") != "accept":
                raise RuntimeError(answer.text)
    late = quantiles(taken, n=20)[-1] if count > 1 else taken[0]
    return Taken(median(taken), late, (judge.processor_time() - own) / count * 1e3)


def _rows(idle: Taken, loaded: Taken, down: Taken) -> list[Row]:
    name = "a verification over HTTP, network"
    still, own = (f"{name} idle", idle.median), (f"{name} idle, processor time", idle.own)
    return [
        row(still[0], idle.median, "ms"),
        row(f"{name} idle, p95", idle.late, "ms"),
        row(own[0], own[1], "ms"),
        row(f"{name} at full load", loaded.median, "ms", yardstick=still, aim="<= 1.25"),
        row(f"{name} at full load, p95", loaded.late, "ms"),
        row(f"{name} at full load, processor time", loaded.own, "ms", yardstick=own, aim="<= 1.25"),
        row(f"{name} down", down.median, "ms", yardstick=still, aim="<= 1.25"),
        row(f"{name} down, p95", down.late, "ms"),
    ]


def _memory(plan: Plan, service: Child, judge: Child) -> dict[str, int]:
    """Weigh every process that runs."""
    pids = {f"validator {n.name}": int((plan.root / f"{n.name}.pid").read_text("ascii").split()[0]) for n in plan.nodes}
    pids |= {"the service": service.pid, "a process that verifies alone": judge.pid}
    return {name: resident(pid) for name, pid in pids.items()}


def _weighed(memory: Mapping[str, int], when: str) -> Iterator[Row]:
    for name, taken in memory.items():
        yield row(f"resident memory, {when}: {name}", taken / MIB, "MiB")


def _served(settings: Mapping[str, str], roles: str) -> AbstractContextManager[Child]:
    told = {**settings, "ECERT_ROLES": roles}
    return children.serving(["-c", _COMMAND, "serve"], told, path="/healthz")


def _load(service: Child, settings: Mapping[str, str]) -> None:
    """Let thousands of roots wait in the outbox; return once the service has closed them all and sends them."""
    house = open_house(load_settings({**settings, "ECERT_ROLES": "issuer,wallet,verifier"}), WallClock())
    try:
        working.enqueue(house, scaled(_LOAD))
    finally:
        house.close()
    give_up = time.monotonic() + _PATIENCE
    while _waiting(service, "outbox_waiting"):
        if time.monotonic() > give_up:
            raise TimeoutError("the service does not close what waits")
        time.sleep(0.1)


def _waiting(service: Child, name: str) -> float:
    """Read one of the service's own numbers, summed over its regions."""
    lines = httpx.get(f"{service.url}/metrics", trust_env=False, verify=PLAIN).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"ecert_{name}"))
