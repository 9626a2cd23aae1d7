"""The verifier's doors: verify a file (open, replica only), many (partners), redeem a code (windows and partners)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, model_validator

from ecert.domain.errors import NotAllowed
from ecert.domain.gateways import Gateway, PartnerGateway
from ecert.domain.ids import parse_division
from ecert.domain.receipt import Container
from ecert.domain.use import parse_use
from ecert.runtime.access import Caller, guard, require
from ecert.runtime.bodies import Body, HolderRefBody
from ecert.runtime.clock import Clock
from ecert.runtime.signed import SignedRoute, require_partner, signed_by
from ledger.replica import Replica
from verifier.callbacks import Accepting, Subscriptions
from verifier.partners import MOST, Limits, Wanted, hold_asking, hold_use, verify_many
from verifier.presentations import Asking, verify_file, verify_presentation
from verifier.receipts import Receipts
from verifier.redemptions import Codes, Redemption, redeem
from verifier.report import Report
from verifier.wire import as_json

__all__ = ["Desk", "router"]


@guard
def _redeemer(request: Request) -> Caller | PartnerGateway:
    """Let a sponsored partner in by its signature, anybody else by a window's access key."""
    return _window(request) if signed_by(request) is None else require_partner(request)


_window = require("window")
_Redeemer = Annotated[Caller | PartnerGateway, Depends(_redeemer)]
_Partner = Annotated[PartnerGateway, Depends(require_partner)]
_Time = Annotated[int, Field(ge=0, lt=2**40)]
_IdempotencyKey = Annotated[str, Header(min_length=1, max_length=100, pattern="^[!-~]+$")]


class VerificationBody(Body):
    """A bare SD-JWT (`presentation`) or a container, and the question; times in Unix seconds.

    `receipt` asks for a signed receipt, which is for windows of the division's region alone; `subscription` is the
    partner's own, under which it is to be told of later changes.
    """

    presentation: str | None = Field(default=None, max_length=256 * 1024)
    container: dict[str, Any] | None = None
    holder: HolderRefBody | None = None
    division: str = Field(max_length=6)
    at: _Time | None = None
    known_at: _Time | None = None
    item: str | None = Field(default=None, max_length=40)
    receipt: bool = False
    subscription: str | None = Field(default=None, max_length=22)

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


class RedemptionBody(Body):
    """A scanned or typed code, the use by its wire names (ecert.domain.use), and whom the clerk has identified.

    `receipt` asks for a signed receipt; `subscription` is as for a verification.
    """

    code: str = Field(min_length=1, max_length=1000)
    use: dict[str, str]
    holder: HolderRefBody | None = None
    receipt: bool = False
    subscription: str | None = Field(default=None, max_length=22)


class VerificationsBody(Body):
    """Up to 1,000 certificates, each with its own question, all under one subscription or none."""

    verifications: list[VerificationBody] = Field(min_length=1, max_length=MOST)
    subscription: str | None = Field(default=None, max_length=22)

    @model_validator(mode="after")
    def names_it_once(self) -> Self:
        """Hold the certificates to naming no subscription of their own."""
        if any(each.subscription is not None for each in self.verifications):
            message = "the subscription is the batch's"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Desk:
    """What the doors work with; `limits` are the partners', `judged` is told of every verdict."""

    replica: Replica
    codes: Codes
    clock: Clock
    limits: Limits
    receipts: Receipts
    judged: Callable[[Report], None]
    subscriptions: Subscriptions
    accepting: Accepting


def router(desk: Desk) -> APIRouter:
    """Build the doors over a replica and the way to the codes' home regions."""
    doors = APIRouter(prefix="/api/v1", tags=["verifier"], route_class=SignedRoute)
    _add_verifying(doors, desk)
    _add_redeeming(doors, desk)
    return doors


def _add_verifying(doors: APIRouter, desk: Desk) -> None:
    @doors.post("/verifications")
    async def verify(body: VerificationBody, request: Request) -> Response:
        """Verify a certificate against this deployment's copy of the chain; signed by a partner, within its items."""
        asking, now = body.asking(), int(desk.clock.now())
        region, partner = asking.division[:2], signed_by(request)
        if isinstance(partner, PartnerGateway):
            desk.limits.verify(partner, 1, now=now)
            hold_asking(partner, asking)
        if body.receipt:
            (await run_in_threadpool(_window, request)).hold(region=region)
        keeping = None
        if body.subscription is not None:
            keeping = await run_in_threadpool(_keeping, desk, partner, body.subscription, now)
        desk.replica.refresh()
        position = desk.replica.position
        report, more = _judge(desk, body, asking, now), dict[str, object]()
        if body.receipt:
            issue = desk.receipts.issue
            more["receipt"] = await run_in_threadpool(issue, report, use=None, region=int(region), now=now)
        if keeping:
            more["kept"] = await run_in_threadpool(keeping, [report], position)
        return _answer(report, **more)

    @doors.post("/verifications/batch")
    def verify_batch(body: VerificationsBody, partner: _Partner) -> Response:
        """Verify up to 1,000 certificates, a result each, in their order; for partners."""
        now = int(desk.clock.now())
        desk.limits.verify(partner, len(body.verifications), now=now)
        keeping = _keeping(desk, partner, body.subscription, now)
        desk.replica.refresh()
        position, reports = desk.replica.position, list[Report]()
        wanted = [each.wanted() for each in body.verifications]
        results = verify_many(partner, wanted, replica=desk.replica, judged=reports.append, now=now)
        for report in reports:
            desk.judged(report)
        more = {"kept": keeping(reports, position)} if keeping else {}
        return Response(orjson.dumps({"results": results} | more), media_type="application/json")


def _judge(desk: Desk, body: VerificationBody, asking: Asking, now: int) -> Report:
    if body.container is not None:
        # StrictRoute has held the whole body, and so this, to one reading.
        report = verify_file(body.container, asking=asking, replica=desk.replica, now=now)
    else:
        container = Container(body.presentation or "", None)
        report = verify_presentation(container, asking=asking, replica=desk.replica, now=now)
    desk.judged(report)
    return report


def _keeping(
    desk: Desk, asker: Gateway | Caller | None, name: str | None, now: int
) -> Callable[[Sequence[Report], int], int | None] | None:
    """Find the subscription under which a partner asks, before anything is judged or used up for it."""
    if name is None:
        return None
    if not isinstance(asker, PartnerGateway):
        raise NotAllowed("gateway.not_partner", "a subscription is a partner's")
    subscription = desk.subscriptions.find(asker, name)
    return lambda reports, position: desk.accepting.keep(subscription, reports, position=position, now=now)


def _add_redeeming(doors: APIRouter, desk: Desk) -> None:
    @doors.post("/redemptions")
    def redeem_code(body: RedemptionBody, idempotency_key: _IdempotencyKey, caller: _Redeemer) -> Response:
        """Redeem a code for one use and verify what it shows; the same key gives the same answer for ten minutes."""
        use, now = parse_use(body.use), int(desk.clock.now())
        match caller:
            case PartnerGateway():
                desk.limits.redeem(caller, now=now)
                hold_use(caller, use)
                asker = f"partner:{caller.uscc}"
            case Caller():
                caller.hold(region=use.division[:2])
                asker = f"key:{caller.key_id}"
        keeping = _keeping(desk, caller, body.subscription, now)
        desk.replica.refresh()
        position = desk.replica.position
        holder = body.holder.ref() if body.holder else None
        redemption = Redemption(body.code, use, holder, asker, idempotency_key)
        report = redeem(redemption, codes=desk.codes, replica=desk.replica, now=now)
        desk.judged(report)
        more = dict[str, object]()
        if body.receipt:
            more["receipt"] = desk.receipts.issue(report, use=use, region=int(use.division[:2]), now=now)
        if keeping:
            more["kept"] = keeping([report], position)
        return _answer(report, **more)


def _answer(report: Report, **more: object) -> Response:
    """Write the report, with `receipt` and `kept` where they were asked for: null where it could not be done."""
    return Response(orjson.dumps(as_json(report) | more), media_type="application/json")
