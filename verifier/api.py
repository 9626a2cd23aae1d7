"""The verifier's doors: verify a file (open, replica only), many (partners), redeem a code (windows and partners)."""

from __future__ import annotations

from typing import Annotated, Any, Self

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ecert.domain.gateways import PartnerGateway
from ecert.domain.holders import HolderRef, parse_holder_ref
from ecert.domain.ids import parse_division
from ecert.domain.receipt import Container
from ecert.domain.use import parse_use
from ecert.runtime.access import Caller, require
from ecert.runtime.clock import Clock
from ecert.runtime.signed import SignedRoute, require_partner, signed_by
from ledger.replica import Replica
from verifier.partners import MOST, Limits, Wanted, hold_asking, hold_use, verify_many
from verifier.presentations import Asking, verify_file, verify_presentation
from verifier.redemptions import Codes, Redemption, redeem
from verifier.report import Report
from verifier.wire import as_json

__all__ = ["router"]


def _redeemer(request: Request) -> Caller | PartnerGateway:
    """Let a sponsored partner in by its signature, anybody else by a window's access key."""
    return _window(request) if signed_by(request) is None else require_partner(request)


_window = require("window")
_Redeemer = Annotated[Caller | PartnerGateway, Depends(_redeemer)]
_Partner = Annotated[PartnerGateway, Depends(require_partner)]
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
    """A bare SD-JWT (`presentation`) or a container, and the question; times in Unix seconds."""

    presentation: str | None = Field(default=None, max_length=256 * 1024)
    container: dict[str, Any] | None = None
    holder: HolderBody | None = None
    division: str = Field(max_length=6)
    at: _Time | None = None
    known_at: _Time | None = None
    item: str | None = Field(default=None, max_length=40)

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

    def wanted(self) -> Wanted:
        """Give one of a batch."""
        return Wanted(self.container or Container(self.presentation or "", None), self.asking)


class RedemptionBody(_Body):
    """A scanned or typed code, the use by its wire names (ecert.domain.use), and whom the clerk has identified."""

    code: str = Field(min_length=1, max_length=1000)
    use: dict[str, str]
    holder: HolderBody | None = None


class BatchBody(_Body):
    """Up to 1,000 certificates, each with its own question."""

    verifications: list[VerificationBody] = Field(min_length=1, max_length=MOST)


def router(replica: Replica, codes: Codes, clock: Clock, limits: Limits) -> APIRouter:
    """Build the doors over a replica and the way to the codes' home regions; `limits` are the partners'."""
    doors = APIRouter(prefix="/api/v1", tags=["verifier"], route_class=SignedRoute)
    _add_verifying(doors, replica, clock, limits)
    _add_redeeming(doors, replica, codes, clock, limits)
    return doors


def _add_verifying(doors: APIRouter, replica: Replica, clock: Clock, limits: Limits) -> None:
    @doors.post("/verifications")
    async def verify(body: VerificationBody, request: Request) -> Response:
        """Verify a certificate against this deployment's copy of the chain; signed by a partner, within its items."""
        replica.refresh()
        asking, now = body.asking(), int(clock.now())
        partner = signed_by(request)
        if isinstance(partner, PartnerGateway):
            limits.verify(partner, 1, now=now)
            hold_asking(partner, asking)
        if body.container is not None:
            # StrictRoute has held the whole body, and so this, to one reading.
            return _answer(verify_file(body.container, asking=asking, replica=replica, now=now))
        container = Container(body.presentation or "", None)
        return _answer(verify_presentation(container, asking=asking, replica=replica, now=now))

    @doors.post("/verifications/batch")
    def verify_batch(body: BatchBody, partner: _Partner) -> Response:
        """Verify up to 1,000 certificates, a result each, in their order; for partners."""
        now = int(clock.now())
        limits.verify(partner, len(body.verifications), now=now)
        replica.refresh()
        results = verify_many(partner, [each.wanted() for each in body.verifications], replica=replica, now=now)
        return Response(orjson.dumps({"results": results}), media_type="application/json")


def _add_redeeming(doors: APIRouter, replica: Replica, codes: Codes, clock: Clock, limits: Limits) -> None:
    @doors.post("/redemptions")
    def redeem_code(body: RedemptionBody, idempotency_key: _IdempotencyKey, caller: _Redeemer) -> Response:
        """Redeem a code for one use and verify what it shows; the same key gives the same answer for ten minutes."""
        use, now = parse_use(body.use), int(clock.now())
        match caller:
            case PartnerGateway():
                limits.redeem(caller, now=now)
                hold_use(caller, use)
            case Caller():
                caller.hold(region=use.division[:2])
        replica.refresh()
        holder = body.holder.ref() if body.holder else None
        redemption = Redemption(body.code, use, holder, idempotency_key)
        return _answer(redeem(redemption, codes=codes, replica=replica, now=now))


def _answer(report: Report) -> Response:
    return Response(orjson.dumps(as_json(report)), media_type="application/json")
