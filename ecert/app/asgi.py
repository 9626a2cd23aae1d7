"""The ASGI application: every door of the house behind one envelope, and the loop that works while it serves."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI

import issuer.api
import ledger.api
import verifier.api
import verifier.callbacks.api
import wallet_codes.api
from ecert.app import between, operation
from ecert.app.between.doors import Served
from ecert.app.fronts import PICTURE_DOOR, page_doors, receipts_of, shell_of
from ecert.app.listing import newest_list
from ecert.app.watching import Watch
from ecert.app.wiring import House
from ecert.runtime import problems
from ecert.runtime.access import Access
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
    """Build the application over an open house; while it runs, the house's rounds and callbacks go on beside it."""
    watch = Watch(house)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        works = [("rounds", house.rounds.forever)]
        if "verifier" in house.floor.settings.roles:
            works.append(("callbacks", house.callbacks.delivery.forever))
        threads = [threading.Thread(target=work, args=(stop,), name=name) for name, work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    app = FastAPI(
        title="ecert", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, responses={"default": _PROBLEM}
    )
    app.state.access = Access(house.floor.database, house.floor.clock)
    app.state.door = house.door
    has_pages = house.floor.settings.demo and {"wallet", "verifier"} <= house.floor.settings.roles
    shell = app.state.shell = shell_of(house) if has_pages else None
    large = (*BATCH_DOORS, PICTURE_DOOR)
    furnish(app, large=large, page=shell.problem if shell else None, observe=watch.observe)
    for doors in (*_doors(house, watch), *(page_doors(house, judged=watch.judged) if has_pages else ())):
        app.include_router(doors)
    return app


def _doors(house: House, watch: Watch) -> tuple[APIRouter, ...]:
    floor, roles = house.floor, house.floor.settings.roles
    return (
        *([issuer.api.router(house.issuer, house.replica, floor.clock)] if "issuer" in roles else ()),
        *([wallet_codes.api.router(house.home, floor.clock)] if "wallet" in roles else ()),
        *(_judging(house, watch) if "verifier" in roles else ()),
        ledger.api.router(
            identity=floor.ledger.identity(),
            directory=house.directory,
            replica=house.replica,
            sending=floor.sending,
            audit=house.audit,
            lists=newest_list(house),
        ),
        between.router(_served(house), roles=roles),
        operation.router(house, watch),
    )


def _judging(house: House, watch: Watch) -> tuple[APIRouter, ...]:
    desk = verifier.api.Desk(
        replica=house.replica,
        codes=house.codes,
        clock=house.floor.clock,
        limits=house.limits,
        receipts=receipts_of(house),
        judged=watch.judged,
        subscriptions=house.callbacks.subscriptions,
        accepting=house.callbacks.accepting,
    )
    subscribing = verifier.callbacks.api.Subscribing(house.callbacks.subscriptions, house.limits, house.floor.clock)
    return verifier.api.router(desk), verifier.callbacks.api.router(subscribing)


def _served(house: House) -> Served:
    own = {region: holdings for region, holdings in house.home.holdings.items() if region in house.gateways}
    return Served(own, house.home, house.audit, house.proofs, house.gateways, house.floor.clock)
