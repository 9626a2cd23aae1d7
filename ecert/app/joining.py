"""Between rooms stand the consumers' protocols: a plain call where the region is served here, signed HTTP elsewhere.

A `Switch` that is off answers as an outage would, to rooms of this process and to other deployments alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecert.app.between import CodesAbroad, HoldingsAbroad, Lines, ProofsAbroad
from ecert.domain.errors import Unavailable
from ecert.domain.holders import HolderRef
from ecert.domain.use import Use
from issuer import Issuer, held
from ledger.auditing import AuditLog
from verifier.redemptions import Reading
from wallet_codes.codes import read
from wallet_codes.holdings import Held, Holdings, HoldingsRequest
from wallet_codes.home import Home
from wallet_codes.redeem import RedeemRequest, redeem
from wallet_codes.regions import REGIONS

__all__ = ["AuditLogs", "HomeRegions", "IssuingRegion", "Switch", "issuing_regions"]


@dataclass(slots=True)
class Switch:
    """A region's gateway, open or stopped; `is_open` False is an outage."""

    region: int
    is_open: bool = True

    def hold(self, code: str) -> None:
        """Raise Unavailable(code) while the gateway is stopped."""
        if not self.is_open:
            raise Unavailable(code, f"region {self.region}")


@dataclass(frozen=True, slots=True)
class IssuingRegion:
    """The `Holdings` of one region of this process."""

    issuer: Issuer
    gateway: Switch

    def held(self, request: HoldingsRequest) -> tuple[Held, ...]:
        """Ask the region's issuer."""
        self.gateway.hold("issuer.unreachable")
        found = held(self.issuer, region=self.gateway.region, holder=request.holder, types=request.types)
        return tuple(
            Held(
                h.type_code,
                h.sd_jwt,
                h.receipt,
                {key: (state.value, state.at) for key, state in h.mutable.items()},
                h.status_reason,
            )
            for h in found
        )


def issuing_regions(issuer: Issuer, gateways: Mapping[int, Switch], lines: Lines) -> dict[int, Holdings]:
    """Give every member's `Holdings`: own ones by a call, the others by their lines, also those without an address."""
    own: dict[int, Holdings] = {number: IssuingRegion(issuer, gateway) for number, gateway in gateways.items()}
    others = {region.number for region in REGIONS} - own.keys()
    return own | {number: HoldingsAbroad(lines.to(number)) for number in others}


@dataclass(frozen=True, slots=True)
class HomeRegions:
    """The desk's `Codes`: each code goes to the home region that its text names, through that region's gateway."""

    home: Home
    gateways: Mapping[int, Switch]
    lines: Lines

    def read(self, text: str) -> Reading:
        """Read a scanned text."""
        reading = read(text)
        return Reading(reading.kind, reading.region.number, reading.text)

    def redeem(
        self,
        *,
        text: str,
        use: Use,
        holder: HolderRef | None,
        requester: str,
        asker: str,
        idempotency_key: str,
        now: int,
    ) -> str:
        """Redeem at the home region."""
        request = RedeemRequest(text, use, holder, requester, asker, idempotency_key)
        region = read(text).region.number
        if region in self.gateways:
            self.gateways[region].hold("home.unreachable")
            return redeem(self.home, request, now=now)
        codes = CodesAbroad(self.lines.to(region, speaker=int(use.division[:2])))
        return codes.redeem(request)


@dataclass(frozen=True, slots=True)
class AuditLogs:
    """The follower's `ConsistencyProofs`: each region's log is asked of the deployment that keeps it."""

    audit: AuditLog
    gateways: Mapping[int, Switch]
    lines: Lines

    def consistency(self, *, region: int, first: int, second: int) -> list[bytes]:
        """Prove that one root of a region's log continues another; a region without an address is away."""
        if region in self.gateways:
            return self.audit.consistency(region=region, first=first, second=second)
        return ProofsAbroad(self.lines.to(region)).consistency(region=region, first=first, second=second)
