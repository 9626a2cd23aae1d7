"""The verifier's doors: verify a file (open, replica only) and redeem a code (windows); both answer the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Self

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ecert.domain.holders import HolderRef, parse_holder_ref
from ecert.domain.ids import parse_division
from ecert.domain.receipt import Container
from ecert.domain.use import parse_use
from ecert.runtime.access import Caller, require
from ecert.runtime.clock import Clock
from ecert.runtime.strict_body import StrictRoute
from ledger.replica import Replica
from verifier.presentations import Asking, verify_file, verify_presentation
from verifier.receipts import Receipts
from verifier.redemptions import Codes, Redemption, redeem
from verifier.report import Report
from verifier.wire import as_json

__all__ = ["router"]

_window = require("window")
_Window = Annotated[Caller, Depends(_window)]
_Time = Annotated[int, Field(ge=0, lt=2**40)]
_IdempotencyKey = Annotated[str, Header(min_length=1, max_length=100, pattern="^[!-~]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class HolderBody(_Body):
    """Whom the caller has identified, by type and number."""

    id_type: str = Field(max_length=4)
    id: str = Field(max_length=64)

    def ref(self) -> HolderRef:
        """Read the pair; Malformed `holder.*`."""
        return parse_holder_ref(self.model_dump())


class VerificationBody(_Body):
    """A bare SD-JWT (`presentation`) or a container, and the question; times in Unix seconds.

    `receipt` asks for a signed receipt, which is for windows of the division's region alone.
    """

    presentation: str | None = Field(default=None, max_length=256 * 1024)
    container: dict[str, Any] | None = None
    holder: HolderBody | None = None
    division: str = Field(max_length=6)
    at: _Time | None = None
    known_at: _Time | None = None
    item: str | None = Field(default=None, max_length=40)
    receipt: bool = False

    @model_validator(mode="after")
    def has_one(self) -> Self:
        """Hold the body to exactly one certificate."""
        if (self.presentation is None) == (self.container is None):
            message = "either presentation or container"
            raise ValueError(message)
        return self

    def asking(self) -> Asking:
        """Give what the use case takes; Malformed `division.form`, `holder.*`."""
        holder = self.holder.ref() if self.holder else None
        return Asking(parse_division(self.division), holder, self.at, self.known_at, self.item)


class RedemptionBody(_Body):
    """A scanned or typed code, the use by its wire names (ecert.domain.use), and whom the clerk has identified.

    `receipt` asks for a signed receipt.
    """

    code: str = Field(min_length=1, max_length=1000)
    use: dict[str, str]
    holder: HolderBody | None = None
    receipt: bool = False


def router(
    replica: Replica, codes: Codes, clock: Clock, *, receipts: Receipts, judged: Callable[[Report], None]
) -> APIRouter:
    """Build the doors over a replica and the way to the codes' home regions; `judged` is told of every verdict."""
    doors = APIRouter(prefix="/api/v1", tags=["verifier"], route_class=StrictRoute)

    @doors.post("/verifications")
    async def verify(body: VerificationBody, request: Request) -> Response:
        """Verify a certificate against this deployment's copy of the chain."""
        asking, now = body.asking(), int(clock.now())
        region = asking.division[:2]
        if body.receipt:
            (await run_in_threadpool(_window, request)).hold(region=region)
        replica.refresh()
        report = _judge(body, asking, now)
        if not body.receipt:
            return _answer(report)
        receipt = await run_in_threadpool(receipts.issue, report, use=None, region=int(region), now=now)
        return _answer(report, receipt=receipt)

    def _judge(body: VerificationBody, asking: Asking, now: int) -> Report:
        if body.container is not None:
            # StrictRoute has held the whole body, and so this, to one reading.
            report = verify_file(body.container, asking=asking, replica=replica, now=now)
        else:
            container = Container(body.presentation or "", None)
            report = verify_presentation(container, asking=asking, replica=replica, now=now)
        judged(report)
        return report

    @doors.post("/redemptions")
    def redeem_code(body: RedemptionBody, idempotency_key: _IdempotencyKey, caller: _Window) -> Response:
        """Redeem a code for one use and verify what it shows; the same key gives the same answer for ten minutes."""
        use, now = parse_use(body.use), int(clock.now())
        caller.hold(region=use.division[:2])
        replica.refresh()
        holder = body.holder.ref() if body.holder else None
        redemption = Redemption(body.code, use, holder, idempotency_key)
        report = redeem(redemption, codes=codes, replica=replica, now=now)
        judged(report)
        if not body.receipt:
            return _answer(report)
        return _answer(report, receipt=receipts.issue(report, use=use, region=int(use.division[:2]), now=now))

    return doors


def _answer(report: Report, **more: str | None) -> Response:
    """Write the report, with the member `receipt` where one was asked for: null where it could not be kept."""
    return Response(orjson.dumps(as_json(report) | more), media_type="application/json")
