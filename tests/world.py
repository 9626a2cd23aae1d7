"""A whole world in a folder that tests change and then ask: a founded chain, four regions, their people, one clock.

    with opened(template, home) as world:
        card = world.issue(1, region=32)
        world.settle()
        assert world.verify(card)["verdict"] == "accept"

Time stands still but where a test advances it and where the chain needs its next second, so nothing waits and nothing
expires by itself. Everything is asked over HTTP of the application itself, in this process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from ecert.app.asgi import create_app
from ecert.app.demo.authorities import seat_for
from ecert.app.demo.faces import fill
from ecert.app.demo.founding import bootstrap
from ecert.app.demo.people import household
from ecert.app.demo.places import place_of
from ecert.app.wiring import House, open_house
from ecert.domain.holders import HolderRef
from ecert.runtime.access import issue_key
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings, load_settings
from ledger.drivers.embedded import open_embedded
from ledger.port import Ledger
from tests.databases import copy_home, environment, remove_home

__all__ = ["Issued", "Time", "World", "copied", "opened", "settings_of"]

BEGINNING = 1_750_000_000.5
FIRST_DAY = date(2025, 6, 1)
CLOCK_FILE = "clock"
ITEM = "EC-0001"
"""The real-estate archive inquiry: identity card and real-estate certificate."""


class Time:
    """A clock that a test sets; half a second past each second, so that a block is never due at this very moment."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def advance(self, seconds: int) -> None:
        with self._lock:
            self._now += seconds

    def wait(self, woken: threading.Event, seconds: float) -> None:
        """Let the chain's producer wait: a second passes where it needs one, else nothing but real time does."""
        is_idle = seconds >= 1
        woken.wait(0.02 if is_idle else 0.001)
        if not is_idle:
            self.advance(1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as its authority was answered, and whose it is."""

    licence_id: str
    text: str
    type_no: int
    region: int
    holder: HolderRef
    place: tuple[str, int]
    authority: str


@dataclass(slots=True)
class World:
    """An open house with its doors. Answers are `httpx.Response`, or the JSON where a helper names what it expects."""

    house: House
    time: Time
    app: FastAPI
    _keys: dict[tuple[str, str, str | None], str] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    def settle(self) -> None:
        """Let everything queued become final, the chain reach the present, and the replica follow it."""
        self.house.settle()
        heartbeat = self.house.floor.settings.heartbeat
        while self.house.floor.ledger.head().time + heartbeat <= self.time.now():
            threading.Event().wait(0.005)
        self.house.settle()

    def key(self, role: str, region: int, authority: str | None = None) -> str:
        """Make an access key, once for each scope, and give it back as an Authorization header."""
        place = (role, str(region), authority)
        if place not in self._keys:
            now = int(self.time.now())
            text = issue_key(
                self.house.floor.database, role=role, region=str(region), label="test", now=now, authority=authority
            )
            self._keys[place] = f"Bearer {text}"
        return self._keys[place]

    def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        once: str | None = None,
        **more: Any,  # noqa: ANN401 - as httpx takes it
    ) -> httpx.Response:
        """Send one request; `key` is an Authorization header, `once` an Idempotency-Key."""
        headers = dict(more.pop("headers", {}))
        headers |= {"Authorization": key} if key else {}
        headers |= {"Idempotency-Key": once} if once else {}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ecert.example") as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(send())

    def new_name(self) -> str:
        """Give an idempotency key that was not used before."""
        return f"attempt-{next(self._numbers)}"

    def issuer(self, type_no: int, region: int) -> str:
        """Give the access key of the authority that issues a type in a region."""
        return self.key("issuer", region, seat_for(region, type_no).uscc)

    def face(self, type_no: int, *, region: int = 32, number: int = 1, first: date = FIRST_DAY) -> dict[str, Any]:
        """Give the body that issues a whole face to a household."""
        seat, home = seat_for(region, type_no), household(region, number)
        filled = fill(type_no, home=home, seat=seat, first=first)
        return {
            "type": filled.kind.code,
            "division": place_of(region).division,
            "holders": [holder.claims() for holder in filled.holders],
            "elements": filled.elements,
            "mutable": filled.mutable,
            "first_day": filled.first.isoformat(),
        }

    def issue(self, type_no: int, *, region: int = 32, number: int = 1, **changes: Any) -> Issued:  # noqa: ANN401 - any field of a body
        """Issue to a household, by the API; the certificate is not anchored yet."""
        body = self.face(type_no, region=region, number=number) | changes
        answer = self.ask(
            "POST", "/api/v1/certificates", key=self.issuer(type_no, region), once=self.new_name(), json=body
        )
        assert answer.status_code == 201, answer.text
        told, holder = answer.json(), body["holders"][0]
        return Issued(
            licence_id=told["licence_id"],
            text=told["certificate"],
            type_no=type_no,
            region=region,
            holder=HolderRef(holder["id_type"], holder["id"]),
            place=(told["status"]["uri"], told["status"]["index"]),
            authority=seat_for(region, type_no).uscc,
        )

    def read(self, issued: Issued) -> dict[str, Any]:
        """Read a certificate back as its authority."""
        answer = self.ask(
            "GET", f"/api/v1/certificates/{issued.licence_id}", key=self.issuer(issued.type_no, issued.region)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, issued: Issued, action: str, *, ground: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - any field of a body
        """Change a certificate's status as its authority."""
        return self.ask(
            "POST",
            f"/api/v1/certificates/{issued.licence_id}/status",
            key=self.issuer(issued.type_no, issued.region),
            once=self.new_name(),
            json={"action": action, "reason": ground, **more},
        )

    def verify(self, issued: Issued, *, division: str = "310118", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a body
        """Verify the container as it can be read back now, its first holder named."""
        body = {
            "container": self.read(issued)["certificate"],
            "division": division,
            "holder": _named(issued.holder),
            **more,
        }
        answer = self.ask("POST", "/api/v1/verifications", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def mint(self, holder: HolderRef, *, region: int = 32, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a body
        """Mint a code at its home region's app."""
        body = {"region": region, "holder": _named(holder), **more}
        answer = self.ask("POST", "/api/v1/codes", key=self.key("citizen-app", region), json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def redeem(
        self,
        code: str,
        *,
        holder: HolderRef | None,
        division: str = "310118",
        item: str = ITEM,
        once: str | None = None,
        **more: Any,  # noqa: ANN401 - any field of a body
    ) -> httpx.Response:
        """Redeem a code at a window."""
        body = {"code": code, "use": use(division=division, item=item), "holder": holder and _named(holder), **more}
        window = self.key("window", int(division[:2]))
        return self.ask("POST", "/api/v1/redemptions", key=window, once=once or self.new_name(), json=body)


def use(*, division: str = "310118", item: str = ITEM) -> dict[str, str]:
    """Name a use by its wire names."""
    return {
        "orgName": "示例青浦区行政服务中心",
        "username": "窗口人员示例",
        "itemName": "示例事项",
        "itemCode": item,
        "businessCode": "QP-2025-000001",
        "purpose": "办理事项",
        "device": "desk-1",
        "division": division,
        "legalBasis": "duty",
    }


def codes_of(report: dict[str, Any]) -> set[str]:
    """Collect the codes of every finding in a report."""
    findings = [*report["findings"], *(each for one in report["certificates"] for each in one["findings"])]
    return {finding["code"] for finding in findings}


def settings_of(home: Path, **more: str) -> Settings:
    """Give the settings of a house under `home`, whose batches close at once."""
    return load_settings({**environment(home), "ECERT_BATCH_SECONDS": "0", **more})


@contextmanager
def copied(template: Path, home: Path, **more: str) -> Iterator[World]:
    """Open a copy of the world in `template`, founded and bootstrapped there by whoever comes first."""
    if not template.exists():
        _found(template)
    copy_home(template, home)
    with opened(home, **more) as world:
        yield world


def _found(template: Path) -> None:
    try:
        with opened(template) as world:
            bootstrap(world.house)
    except BaseException:
        remove_home(template)  # half a world would fail everybody after, for no reason of theirs
        raise


@contextmanager
def opened(home: Path, **more: str) -> Iterator[World]:
    """Open the world under `home`, whose time goes on where it stood when it was closed."""
    home.mkdir(parents=True, exist_ok=True)
    stopped = home / CLOCK_FILE
    time = Time(float(stopped.read_text("ascii")) if stopped.exists() else BEGINNING)
    house = open_house(settings_of(home, **more), time, drivers={"embedded": _driver(time)})
    try:
        yield World(house, time, create_app(house))
    finally:
        house.close()
        stopped.write_text(str(time.now()), "ascii")


def _driver(time: Time) -> Callable[[str, Settings, Clock], Ledger]:
    def driver(rest: str, settings: Settings, clock: Clock) -> Ledger:
        return open_embedded(Path(rest), clock=clock.now, heartbeat=settings.heartbeat, wait=time.wait)

    return driver


def _named(holder: HolderRef) -> dict[str, str]:
    return {"id_type": holder.id_type, "id": holder.id}
