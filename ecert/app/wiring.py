"""Wiring: the one place that names drivers and joins rooms; everything else is told what it works with.

Between rooms stand the consumers' protocols. In one process each is a plain call behind a `Gateway`, which can be
stopped and then raises the same Unavailable that an HTTP client of another deployment would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ecert.app.floor import Drivers, Floor, open_floor
from ecert.app.rounds import Rounds, settle_queue
from ecert.domain.errors import Conflict, NotFound, Unavailable
from ecert.domain.holders import HolderRef
from ecert.domain.signer import Signer
from ecert.domain.trust import TrustState
from ecert.domain.use import Use
from ecert.runtime.clock import Clock
from ecert.runtime.keys import Keys
from ecert.runtime.settings import Settings
from issuer import Issuer, due, held, reopen_lists
from issuer import purge as purge_answers
from ledger.anchoring import Anchoring
from ledger.auditing import AuditLog
from ledger.directory import Directory, look_up
from ledger.drivers import calls
from ledger.drivers.calls import account
from ledger.drivers.calls import encode_call as encode
from ledger.drivers.embedded import EmbeddedLedger, open_embedded, server_of
from ledger.drivers.evm import TRANSACTION_GAS
from ledger.following import Follower
from ledger.founding import Founding
from ledger.port import Account, Call, Head, Ledger, SignedTransaction
from ledger.replica import Replica, ReplicaWriter, open_replica
from verifier.redemptions import Reading
from verifier.subject import AHEAD
from wallet_codes.codes import read
from wallet_codes.holdings import Held, HoldingsRequest
from wallet_codes.home import Home
from wallet_codes.purging import purge
from wallet_codes.redeem import RedeemRequest, redeem
from wallet_codes.regions import REGIONS

__all__ = [
    "REGION_PURPOSES",
    "Gateway",
    "House",
    "account",
    "announce",
    "encode",
    "open_house",
    "region_signer",
    "server_of",
    "sign_through",
]

REGION_SUITE = "ES256"
REGION_PURPOSES = ("code", "gateway", "receipt", "status")


def _embedded(rest: str, settings: Settings, clock: Clock) -> Ledger:
    return open_embedded(Path(rest), clock=clock.now, heartbeat=settings.heartbeat)


DRIVERS: Drivers = {"embedded": _embedded}
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


@dataclass(frozen=True, slots=True)
class HomeRegions:
    """The desk's `Codes`: each code goes to the home region that its text names, through that region's gateway."""

    home: Home
    gateways: Mapping[int, Gateway]

    def read(self, text: str) -> Reading:
        """Read a scanned text."""
        reading = read(text)
        return Reading(reading.kind, reading.region.number, reading.text)

    def redeem(
        self, *, text: str, use: Use, holder: HolderRef | None, requester: str, idempotency_key: str, now: int
    ) -> str:
        """Redeem at the home region."""
        region = read(text).region.number
        if region not in self.gateways:
            raise Unavailable("home.unreachable", f"region {region}")
        self.gateways[region].hold("home.unreachable")
        return redeem(self.home, RedeemRequest(text, use, holder, requester, idempotency_key), now=now)


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
    gateways: Mapping[int, Gateway]

    @property
    def codes(self) -> HomeRegions:
        """The way from a desk to the codes' home regions."""
        return HomeRegions(self.home, self.gateways)

    def settle(self) -> None:
        """Wait until everything queued is final and followed, and let the replica's reader see it."""
        self.rounds.settle()
        self.replica.refresh()

    def close(self) -> None:
        """Let go of replica, chain and database."""
        self.writer.close()
        self.floor.close()


def open_house(settings: Settings, clock: Clock, *, drivers: Drivers = DRIVERS) -> House:
    """Open everything, found the chain where it is new, and join the rooms; `drivers` as `DRIVERS`, for another clock.

    Unavailable("ledger.locked" | "replica.locked") where another process owns them, Conflict("ledger.other_chain" |
    "replica.other_chain") where database, replica and chain do not belong together.
    """
    floor = open_floor(settings, clock, drivers=drivers, account=account)
    try:
        return _furnish(floor, _directory(floor))
    except BaseException:
        floor.close()
        raise


def _directory(floor: Floor) -> Directory:
    consortium = floor.consortium()
    if consortium is not None:
        try:
            return look_up(floor.ledger, consortium)
        except NotFound as fault:
            raise Conflict("ledger.other_chain", "no Consortium stands where the database says") from fault
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
        trust=lambda: _trust_in_time(floor, replica),
        public_url=settings.public_url,
    )
    gateways = {region: Gateway(region) for region in floor.regions}
    home = Home(
        database=floor.database,
        vault=floor.vault,
        signer=lambda region: region_signer(floor.keys, region, "code"),
        holdings={region: IssuingRegion(issuer, gateway) for region, gateway in gateways.items()},
        audit=audit.record,
        regions=frozenset(floor.regions),
        code_seconds=settings.code_seconds,
    )
    follower = Follower(floor.ledger, writer, directory.consortium, proofs=audit)
    rounds = Rounds(
        floor.sending,
        anchoring,
        follower,
        floor.now,
        due=(lambda now: due(issuer, now),),
        each_minute=(
            lambda now: purge_answers(issuer, now),
            lambda now: purge(home, now=now),
            lambda now: reopen_lists(issuer, now),
        ),
        followed=replica.refresh,
    )
    return House(floor, directory, writer, replica, audit, anchoring, rounds, issuer, home, gateways)


def _trust_in_time(floor: Floor, replica: Replica) -> TrustState:
    """Tell a signer what was followed; Unavailable("replica.clock") while this clock is behind the chain's."""
    age = replica.age(floor.now())
    if age < -AHEAD:
        raise Unavailable("replica.clock", f"{-age:.0f} s behind")
    return replica.trust


def region_signer(keys: Keys, region: int, purpose: str) -> Signer:
    """Open one of a region's own keys: code, gateway, receipt or status."""
    return keys.signer(f"region-{region}-{purpose}-1", suite=REGION_SUITE)


def announce(house: House, url: str) -> None:
    """Let commands of this machine find the server that owns an embedded chain."""
    if isinstance(house.floor.ledger, EmbeddedLedger):
        house.floor.ledger.announce(url)


def sign_through(call: Call, sender: Account, nonce: int, *, chain_id: int) -> SignedTransaction:
    """Sign a call for a chain that another process owns."""
    payload = calls.encode_call(call)
    return calls.sign(sender, chain_id=chain_id, nonce=nonce, gas=TRANSACTION_GAS, to=call.address, payload=payload)
