"""The consumers' protocols over signed HTTP: another deployment's issuers, its home regions, its audit logs.

Each answers as the same room in this process would (tests/conformance holds both to it): an answer that cannot be read
is that region's fault and so an outage, never a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecert.app.between.wire import holder_json, read_held, read_path, read_response
from ecert.domain.errors import EcertError, Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.gateways import Gateway, RegionGateway, find_gateway
from ecert.runtime.logs import log
from ecert.runtime.signed import Line, Wanted
from wallet_codes.holdings import Held, HoldingsRequest
from wallet_codes.redeem import RedeemRequest

if TYPE_CHECKING:
    from ecert.domain.signer import Signer
    from ecert.domain.trust import TrustState

__all__ = ["Abroad", "CodesAbroad", "HoldingsAbroad", "Lines", "ProofsAbroad"]


@dataclass(frozen=True, slots=True)
class Lines:
    """The way to every other deployment; `signer` gives the gateway key of a region of this one."""

    peers: Mapping[int, str]
    trust: Callable[[], TrustState]
    signer: Callable[[int], Signer]
    regions: tuple[int, ...]
    now: Callable[[], int]
    ca_file: str | None = None

    def to(self, region: int, *, speaker: int | None = None) -> Abroad:
        """Open the way to a region, speaking as `speaker` where that region is served here."""
        own = speaker if speaker in self.regions else min(self.regions)
        return Abroad(self, region, own)


@dataclass(frozen=True, slots=True)
class Abroad:
    """One region elsewhere, asked in the name of one of ours."""

    lines: Lines
    region: int
    speaker: int

    def ask(self, wanted: Wanted, *, away: str) -> Any:  # noqa: ANN401 - JSON, read by the caller
        """Ask and return the answer's JSON; what is an outage there is told as `away` with its cause in the log."""
        try:
            return self._line().ask(wanted, signer=self.lines.signer(self.speaker)).body
        except Unavailable as fault:
            log("gateway.away", region=str(self.region), code=fault.code)
            raise Unavailable(away or fault.code, f"region {self.region}: {fault.code}") from fault

    def _line(self) -> Line:
        if self.region not in self.lines.peers:
            raise Unavailable("gateway.no_address", f"ECERT_PEERS names no region {self.region}")
        lines = self.lines
        return Line(self.region, lines.peers[self.region], self._find_key, lines.now, lines.ca_file)

    def _find_key(self, kid: str) -> Gateway:
        found = find_gateway(self.lines.trust(), kid, now=self.lines.now())
        if not isinstance(found, RegionGateway):
            raise NotAllowed("gateway.not_region")
        return found


@dataclass(frozen=True, slots=True)
class HoldingsAbroad:
    """The `Holdings` of a region of another deployment."""

    way: Abroad

    def held(self, request: HoldingsRequest) -> tuple[Held, ...]:
        """Ask the region's issuers; Unavailable("issuer.unreachable")."""
        body = {"holder": holder_json(request.holder), "types": list(request.types)}
        away = "issuer.unreachable"
        try:
            return read_held(self.way.ask(Wanted(f"/api/v1/gateway/{self.way.region}/holdings", body), away=away))
        except Unavailable:
            raise
        except EcertError as fault:
            raise Unavailable(away, f"region {self.way.region}: {fault.code}") from fault


@dataclass(frozen=True, slots=True)
class CodesAbroad:
    """The home region of a code, in another deployment; reading a code's text asks nobody."""

    way: Abroad

    def redeem(self, request: RedeemRequest) -> str:
        """Redeem there, by that deployment's clock; its refusals are raised as themselves."""
        body = {
            "code": request.text,
            "use": request.use.wire(),
            "holder": None if request.holder is None else holder_json(request.holder),
            "requester": request.requester,
            "asker": request.asker,
        }
        wanted = Wanted(f"/api/v1/gateway/{self.way.region}/redemptions", body, request.idempotency_key)
        try:
            return read_response(self.way.ask(wanted, away=""))
        except Malformed as fault:  # also what that region would not read: its release may be another
            raise Unavailable("gateway.answer", f"region {self.way.region}: {fault.code}") from fault


@dataclass(frozen=True, slots=True)
class ProofsAbroad:
    """The audit log of a region of another deployment."""

    way: Abroad

    def consistency(self, *, region: int, first: int, second: int) -> list[bytes]:
        """Fetch the path; only what the region signed counts, also when it denies having such a log."""
        path = f"/api/v1/gateway/{region}/audit/consistency?first={first}&second={second}"
        try:
            return read_path(self.way.ask(Wanted(path), away=""))
        except (Unavailable, NotFound):
            raise
        except EcertError as fault:
            raise Unavailable("gateway.answer", f"region {region}: {fault.code}") from fault
