"""The application that `bench.serving` loads: the verifier's own doors, and beside them one bare P-256 verification.

Run by uvicorn with two workers; each maps the replica that the benchmark wrote. The yardstick takes the same body
through the same envelope and model and answers as many bytes, so what differs is the verifying alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Response

from bench.certificates import bare_p256
from bench.shapes import NOW, Shapes
from ecert.domain.errors import Unavailable
from ecert.domain.receipt import parse_container
from ecert.runtime.storage import open_database
from ecert.runtime.web import furnish
from ledger.replica import open_replica
from verifier.api import Desk, VerificationBody, router
from verifier.callbacks import Accepting, Subscriptions, Targets
from verifier.partners import Limits
from verifier.receipts import Receipts
from verifier.redemptions import Reading

__all__ = ["ANSWERED", "CONTAINER", "FOLDER", "SPKI", "make"]

FOLDER = "ECERT_BENCH_FOLDER"
CONTAINER, SPKI, ANSWERED = "container.json", "spki.der", "answered"


@dataclass(frozen=True, slots=True)
class _Still:
    """A clock that stands at the shapes' moment."""

    def now(self) -> float:
        return NOW


class _NoCodes:
    """No window redeems here."""

    def read(self, text: str) -> Reading:
        raise Unavailable("home.unreachable", text)

    def redeem(self, **_question: object) -> str:
        raise Unavailable("home.unreachable")


def _nothing(*_args: object, **_named: object) -> None:
    """Stand where the benchmark asks for nothing: no receipt, and nobody who counts verdicts."""


def make() -> FastAPI:
    """Build the application from what stands in the folder."""
    folder = Path(os.environ[FOLDER])
    container = parse_container((folder / CONTAINER).read_bytes())
    replica = open_replica(folder)
    bare = bare_p256(Shapes(container.sd_jwt, container, (folder / SPKI).read_bytes(), replica))
    filler = bytes(int((folder / ANSWERED).read_text("ascii")))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    database = open_database(f"sqlite:///{folder}/unused.sqlite")
    receipts = Receipts(_nothing, database, _nothing)
    subscriptions, accepting = Subscriptions(database, Targets(), ()), Accepting(database, replica)
    desk = Desk(replica, _NoCodes(), _Still(), Limits(), receipts, _nothing, subscriptions, accepting)
    app.include_router(router(desk))

    @app.post("/yardstick")
    async def yardstick(_body: VerificationBody) -> Response:
        bare()
        return Response(filler, media_type="application/json")

    furnish(app)
    return app
