"""The doors that other regions' gateways knock at: a holder's certificates, a code of ours, our audit log.

Each act is for one region of this deployment, named in the path, and the answer is signed by that region's gateway.
Who asked for whose certificates is written into the region's audit log, without the holder.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Header, Path, Query

from ecert.app.between.wire import ForwardedRedemptionBody, HoldingsBody, held_json
from ecert.domain.errors import NotAllowed, NotFound
from ecert.domain.gateways import RegionGateway
from ecert.domain.strict import b64url_encode
from ecert.runtime.signed import SignedRoute, require_region
from wallet_codes.home import Home
from wallet_codes.redeem import RedeemRequest, redeem

if TYPE_CHECKING:
    from ecert.runtime.clock import Clock
    from ledger.auditing import AuditLog
    from ledger.judging import ConsistencyProofs
    from wallet_codes.holdings import Holdings

__all__ = ["Served", "router"]

ASKED = "asked"
"""The kind of the audit record."""

_Region = Annotated[int, Path(ge=10, le=99)]
_Gateway = Annotated[RegionGateway, Depends(require_region)]
_Size = Annotated[int, Query(ge=1, lt=2**63)]
_IdempotencyKey = Annotated[str, Header(min_length=1, max_length=100, pattern="^[!-~]+$")]


class Stoppable(Protocol):
    """A region's gateway."""

    def hold(self, code: str) -> None:
        """Raise Unavailable(code) while it is stopped."""


@dataclass(frozen=True, slots=True)
class Served:
    """What this deployment answers with, for each of its own regions; `gateways` may be closed for a while."""

    holdings: Mapping[int, Holdings]
    home: Home
    audit: AuditLog
    proofs: ConsistencyProofs
    gateways: Mapping[int, Stoppable]
    clock: Clock


def router(served: Served, *, roles: Collection[str]) -> APIRouter:
    """Build the doors of this process's roles; nobody but a member region's gateway gets in."""
    doors = APIRouter(prefix="/api/v1/gateway/{region}", tags=["gateway"], route_class=SignedRoute)
    if "issuer" in roles:
        _add_holdings(doors, served)
    if "wallet" in roles:
        _add_redemptions(doors, served)
    _add_audit(doors, served)
    return doors


def _add_holdings(doors: APIRouter, served: Served) -> None:
    @doors.post("/holdings")
    def holdings(region: _Region, body: HoldingsBody, gateway: _Gateway) -> dict[str, Any]:
        """Tell another region what a holder has here of some types; the asking is recorded."""
        _hold_own(served, region, "issuer.region")
        request = body.request()
        found = served.holdings[region].held(request)
        now = int(served.clock.now())
        record = {"by": str(gateway.region), "types": list(request.types), "found": len(found)}
        with served.audit.database.transaction() as connection:
            served.audit.record(connection, region=region, kind=ASKED, record=record, now=now)
        return {"held": [held_json(each) for each in found]}


def _add_redemptions(doors: APIRouter, served: Served) -> None:
    @doors.post("/redemptions")
    def redemptions(
        region: _Region, body: ForwardedRedemptionBody, idempotency_key: _IdempotencyKey, gateway: _Gateway
    ) -> dict[str, str]:
        """Redeem a code of this region for a window of the gateway's own."""
        _hold_own(served, region, "code.elsewhere")
        use = body.parsed_use()
        if use.division[:2] != str(gateway.region):
            raise NotAllowed("gateway.division", use.division)
        holder = body.holder.ref() if body.holder else None
        asker, once = (f"{gateway.region}:{each}" for each in (body.asker, idempotency_key))
        request = RedeemRequest(body.code, use, holder, body.requester, asker, once)
        return {"response": redeem(served.home, request, now=int(served.clock.now()))}


def _add_audit(doors: APIRouter, served: Served) -> None:
    @doors.get("/audit/consistency")
    def consistency(region: _Region, first: _Size, second: _Size, _gateway: _Gateway) -> dict[str, list[str]]:
        """Prove that this region's audit log of `second` entries continues that of `first`."""
        _hold_own(served, region, "audit.size")
        path = served.proofs.consistency(region=region, first=first, second=second)
        return {"path": [b64url_encode(node) for node in path]}


def _hold_own(served: Served, region: int, code: str) -> None:
    """Act for regions of this deployment alone, and while their gateway is open."""
    if region not in served.holdings:
        raise NotFound(code, str(region))
    served.gateways[region].hold("gateway.stopped")
