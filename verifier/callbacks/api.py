"""A partner's doors to its subscriptions: make one, see its own, end one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from ecert.domain.gateways import PartnerGateway
from ecert.runtime.bodies import Body
from ecert.runtime.clock import Clock
from ecert.runtime.signed import SignedRoute, require_partner
from verifier.callbacks.subscriptions import MOST_DAYS, Subscription, Subscriptions
from verifier.partners import Limits

__all__ = ["Subscribing", "router"]

_Partner = Annotated[PartnerGateway, Depends(require_partner)]
_Name = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{22}$")]


class SubscriptionBody(Body):
    """Where to call, and for how many days what is accepted under the subscription is kept."""

    url: str = Field(min_length=1, max_length=500)
    days: int = Field(default=90, ge=1, le=MOST_DAYS)


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What the doors work with; a request counts as one verification."""

    subscriptions: Subscriptions
    limits: Limits
    clock: Clock

    def now(self, partner: PartnerGateway) -> int:
        """Count a request; Unavailable("partner.limit")."""
        now = int(self.clock.now())
        self.limits.verify(partner, 1, now=now)
        return now


def router(subscribing: Subscribing) -> APIRouter:
    """Build the doors."""
    doors = APIRouter(prefix="/api/v1", tags=["verifier"], route_class=SignedRoute)

    @doors.post("/subscriptions", status_code=201)
    def subscribe(body: SubscriptionBody, partner: _Partner) -> Response:
        """Subscribe to callbacks; the same URL again is the same subscription."""
        now = subscribing.now(partner)
        made = subscribing.subscriptions.subscribe(partner, body.url, days=body.days, now=now)
        return Response(orjson.dumps(_told(made)), status_code=201, media_type="application/json")

    @doors.get("/subscriptions")
    def see(partner: _Partner) -> Response:
        """List the partner's own subscriptions, oldest first."""
        subscribing.now(partner)
        found = [_told(each) for each in subscribing.subscriptions.of(partner)]
        return Response(orjson.dumps({"subscriptions": found}), media_type="application/json")

    @doors.delete("/subscriptions/{subscription}", status_code=204)
    def end(subscription: _Name, partner: _Partner) -> Response:
        """End a subscription and forget all that was kept for it."""
        subscribing.now(partner)
        subscribing.subscriptions.end(partner, subscription)
        return Response(status_code=204)

    return doors


def _told(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "url": subscription.url,
        "days": subscription.days,
        "made_at": subscription.made_at,
        "sequence": subscription.sequence,
        "waiting": subscription.waiting,
        "given_up": subscription.given_up,
    }
