"""The ASGI application: every door of the house behind one envelope, and the loop that works while it serves."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import PlainTextResponse

import issuer.api
import ledger.api
import verifier.api
import wallet_codes.api
from ecert.app import between
from ecert.app.between.doors import Served
from ecert.app.fronts import PICTURE_DOOR, page_doors, shell_of
from ecert.app.listing import newest_list
from ecert.app.wiring import House, measure
from ecert.runtime import problems
from ecert.runtime.access import Access
from ecert.runtime.metrics import CONTENT_TYPE, Registry
from ecert.runtime.web import furnish

__all__ = ["create_app"]

BATCH_DOORS: Final = ("/api/v1/certificates/batch", "/api/v1/verifications/batch")

_TEXTS: Final = ("type", "title", "title_en", "code", "instance", "detail")
_PROBLEM: Final[dict[str, Any]] = {
    "description": "A problem (RFC 9457); `code` is frozen, `title` is Chinese, `title_en` English.",
    "content": {
        problems.MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": [*_TEXTS, "status"],
                "properties": {name: {"type": "string"} for name in _TEXTS} | {"status": {"type": "integer"}},
            }
        }
    },
}


def create_app(house: House) -> FastAPI:
    """Build the application over an open house; while it runs, the house's rounds go on in a thread of their own."""
    registry = Registry()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        rounds = threading.Thread(target=house.rounds.forever, args=(stop,), name="rounds")
        rounds.start()
        try:
            yield
        finally:
            stop.set()
            rounds.join()

    app = FastAPI(
        title="ecert", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, responses={"default": _PROBLEM}
    )
    app.state.access = Access(house.floor.database, house.floor.clock)
    app.state.door = house.door
    has_pages = house.floor.settings.demo and {"wallet", "verifier"} <= house.floor.settings.roles
    shell = app.state.shell = shell_of(house) if has_pages else None
    _measure(app, house, registry, page=shell.problem if shell else None)
    for doors in (*_doors(house), *(page_doors(house) if has_pages else ())):
        app.include_router(doors)
    return app


def _doors(house: House) -> tuple[APIRouter, ...]:
    floor, roles = house.floor, house.floor.settings.roles
    return (
        *([issuer.api.router(house.issuer, house.replica, floor.clock)] if "issuer" in roles else ()),
        *([wallet_codes.api.router(house.home, floor.clock)] if "wallet" in roles else ()),
        *([verifier.api.router(house.replica, house.codes, floor.clock, house.limits)] if "verifier" in roles else ()),
        ledger.api.router(
            identity=floor.ledger.identity(),
            directory=house.directory,
            replica=house.replica,
            sending=floor.sending,
            audit=house.audit,
            lists=newest_list(house),
        ),
        between.router(_served(house), roles=roles),
    )


def _served(house: House) -> Served:
    own = {region: holdings for region, holdings in house.home.holdings.items() if region in house.gateways}
    return Served(own, house.home, house.audit, house.proofs, house.gateways, house.floor.clock)


def _measure(app: FastAPI, house: House, registry: Registry, *, page: problems.Page | None) -> None:
    answers = registry.counter("ecert_answers_total", "Answers given, by route and status.")
    seconds = registry.histogram("ecert_answer_seconds", "Time to answer, by route.")
    age = registry.gauge("ecert_replica_age_seconds", "Seconds since the newest block followed.")
    block = registry.gauge("ecert_replica_block", "The newest block followed.")
    measure(house, registry)

    def observe(route: str, status: int, taken: float) -> None:
        answers.add(route=route, status=str(status))
        seconds.observe(taken, route=route)

    furnish(app, large=(*BATCH_DOORS, PICTURE_DOOR), page=page, observe=observe)

    @app.get("/healthz", tags=["operation"])
    async def healthz() -> dict[str, str]:
        """Say that the process answers."""
        return {"state": "up"}

    @app.get("/metrics", tags=["operation"], response_class=PlainTextResponse)
    def metrics() -> Response:
        """Give the counts in Prometheus' text format."""
        house.replica.refresh()
        age.set(house.replica.age(house.floor.clock.now()))
        block.set(house.replica.head.number)
        return Response(registry.text(), media_type=CONTENT_TYPE)
