"""Wiring: the one place that names drivers and joins rooms; everything else is told what it works with.

Between rooms stand the consumers' protocols. In one process each is a plain call behind a `Gateway`, which can be stopped
and then raises the same Unavailable that an HTTP client of another deployment would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ecert.app.floor import Floor, open_floor
from ecert.app.rounds import Rounds, settle_queue
from ecert.domain.errors import Unavailable
from ecert.domain.signer import Signer
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings
from issuer.holding import held
from issuer.room import Issuer
from issuer.changes import queue_due
from ledger.anchoring import Anchoring
from ledger.auditing import AuditLog
from ledger.directory import Directory, look_up
from ledger.drivers import calls
from ledger.drivers.embedded import EmbeddedLedger, open_embedded, server_of
from ledger.following import Follower
from ledger.founding import Founding
from ledger.port import Head, Ledger
from ledger.replica import Replica, ReplicaWriter, open_replica
from wallet_codes import codes, redeem
from wallet_codes.holdings import Held, HoldingsRequest
from wallet_codes.home import Home
from wallet_codes.regions import REGIONS, by_number

__all__ = ["Gateway", "House", "account", "open_house", "server_of"]

CODE_SUITE = "ES256"


def _embedded(rest: str, settings: Settings, clock: Clock) -> Ledger:
    return open_embedded(Path(rest), clock=clock.now, heartbeat=settings.heartbeat)


DRIVERS = {"embedded": _embedded}
"""The chains that a deployment can stand on, by the scheme of ECERT_LEDGER."""


@dataclass(slots=True)
class Gateway:
    """A region's door to the other regions, in this process; `is_open` False is an outage."""

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
    gateway: Gateway

    def held(self, request: HoldingsRequest) -> tuple[Held, ...]:
        """Ask the region's issuer."""
        self.gateway.hold("issuer.unreachable")
        found = held(self.issuer, region=self.gateway.region, holder=request.holder, types=request.types)
        return tuple(Held(h.type_code, h.sd_jwt, h.receipt, h.mutable, h.status_reason) for h in found)


@dataclass(frozen=True, slots=True)
class House:
    """A running deployment: its floor, its rooms' dependencies and its loop."""

    floor: Floor
    directory: Directory
    writer: ReplicaWriter
    replica: Replica
    audit: AuditLog
    anchoring: Anchoring
    rounds: Rounds
    issuer: Issuer
    home: Home
    gateways: dict[int, Gateway] = field(default_factory=dict)

    def settle(self) -> None:
        """Wait until everything queued is final and followed, and let the replica's reader see it."""
        self.rounds.settle()
        self.replica.refresh()

    def close(self) -> None:
        """Let go of replica, chain and database."""
        self.writer.close()
        self.floor.close()


def open_house(settings: Settings, clock: Clock) -> House:
    """Open everything, found the chain where it is new, and join the rooms.

    Unavailable("ledger.locked" | "replica.locked") where another process owns them, Conflict("ledger.other_chain" |
    "replica.other_chain") where database, replica and chain do not belong together.
    """
    floor = open_floor(settings, clock, drivers=DRIVERS, account=calls.account)
    try:
        return _furnish(floor, _directory(floor))
    except BaseException:
        floor.close()
        raise


def _directory(floor: Floor) -> Directory:
    consortium = floor.consortium()
    if consortium is not None:
        return look_up(floor.ledger, consortium)
    names = {region.number: region.zh for region in REGIONS}
    return Founding(floor.sending, names, lambda: settle_queue(floor.sending), floor.now).found()


def _furnish(floor: Floor, directory: Directory) -> House:
    settings, identity = floor.settings, floor.ledger.identity()
    genesis = Head(0, identity.genesis, 0)
    writer = ReplicaWriter(settings.replica, chain=identity, consortium=directory.consortium, genesis=genesis)
    replica = open_replica(settings.replica)
    audit = AuditLog(floor.database, floor.vault)
    anchoring = Anchoring(
        database=floor.database,
        sending=floor.sending,
        directory=directory,
        chain_id=identity.chain_id,
        regions=floor.regions,
        size=settings.batch_size,
        seconds=settings.batch_seconds,
    )
    issuer = Issuer(
        database=floor.database,
        vault=floor.vault,
        keys=floor.keys,
        anchoring=anchoring,
        sending=floor.sending,
        directory=directory,
        audit=audit,
        regions=floor.regions,
        trust=lambda: replica.trust,
        public_url=settings.public_url,
    )
    gateways = {region: Gateway(region) for region in floor.regions}
    home = Home(
        database=floor.database,
        vault=floor.vault,
        signer=lambda region: code_signer(floor, region),
        holdings={region: IssuingRegion(issuer, gateway) for region, gateway in gateways.items()},
        audit=audit.record,
        regions=frozenset(floor.regions),
        code_seconds=settings.code_seconds,
    )
    follower = Follower(floor.ledger, writer, directory.consortium, proofs=audit)
    rounds = Rounds(floor.sending, anchoring, follower, floor.now, due=(lambda now: queue_due(issuer, now),))
    return House(floor, directory, writer, replica, audit, anchoring, rounds, issuer, home, gateways)


def code_signer(floor: Floor, region: int) -> Signer:
    """Open a region's code key, which signs redeem responses and offline codes."""
    return floor.keys.signer(f"region-{region}-code-1", suite=CODE_SUITE)
