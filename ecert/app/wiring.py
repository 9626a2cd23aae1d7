"""Wiring: the one place that names drivers and joins rooms; everything else is told what it works with.

Between rooms stand the consumers' protocols (ecert.app.joining): a call in one process, signed HTTP to another
deployment. A process without the role `follower` has no loop of its own: it works on what another process of the same
deployment follows, and queues for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ecert.app.between import Lines
from ecert.app.calling import callbacks_of
from ecert.app.floor import Drivers, Floor, open_floor
from ecert.app.followed import trust_in_time, trust_now
from ecert.app.joining import AuditLogs, HomeRegions, Switch, issuing_regions
from ecert.app.region_keys import region_signer
from ecert.app.rounds import Rounds, Watching, settle_queue
from ecert.domain.errors import Conflict, NotFound, Unavailable
from ecert.domain.gateways import find_gateway
from ecert.runtime.clock import Clock
from ecert.runtime.settings import FOLLOWER, Settings
from ecert.runtime.signed import Door
from issuer import Issuer, due, reopen_lists
from issuer import purge as purge_answers
from ledger.anchoring import Anchoring
from ledger.auditing import AuditLog
from ledger.directory import Directory, directory_followed, look_up
from ledger.drivers import calls
from ledger.drivers.calls import account
from ledger.drivers.calls import encode_call as encode
from ledger.drivers.embedded import EmbeddedLedger, open_embedded, server_of
from ledger.drivers.gas import call_gas
from ledger.drivers.network import Addresses, open_network
from ledger.drivers.permissioned import NetworkLedger
from ledger.drivers.witness import Witness
from ledger.following import Follower
from ledger.founding import Founding
from ledger.judging import Judging
from ledger.port import Account, Call, Head, Ledger, SignedTransaction
from ledger.replica import Replica, ReplicaWriter, open_replica
from ledger.sending import Sending
from verifier.callbacks import Callbacks
from verifier.partners import Limits
from wallet_codes.home import Home
from wallet_codes.purging import purge
from wallet_codes.regions import REGIONS

__all__ = [
    "House",
    "account",
    "announce",
    "ask_witnesses",
    "encode",
    "found",
    "open_house",
    "server_of",
    "sign_through",
]

T = TypeVar("T")


def _embedded(rest: str, settings: Settings, clock: Clock) -> Ledger:
    return open_embedded(Path(rest), clock=clock.now, heartbeat=settings.heartbeat)


def _network(scheme: str) -> Callable[[str, Settings, Clock], Ledger]:
    def opened(rest: str, settings: Settings, clock: Clock) -> Ledger:
        rpc = [f"{scheme}://{place}" for place in rest.removeprefix("//").split(",")]
        consensus = [f"{scheme}://{place}" for place in settings.consensus]
        addresses = Addresses(rpc, consensus, settings.ledger_tls)
        return open_network(
            addresses,
            genesis=settings.genesis,
            home=settings.home,
            heartbeat=settings.heartbeat,
            clock=clock.now,
        )

    return opened


DRIVERS: Drivers = {"embedded": _embedded, "rpc+http": _network("http"), "rpc+https": _network("https")}
"""The chains that a deployment can stand on, by the scheme of ECERT_LEDGER."""


@dataclass(frozen=True, slots=True)
class House:
    """A running deployment: its floor, its rooms' dependencies and its loop."""

    floor: Floor
    directory: Directory
    writer: ReplicaWriter | None
    replica: Replica
    audit: AuditLog
    anchoring: Anchoring
    rounds: Rounds | Watching
    issuer: Issuer
    home: Home
    gateways: Mapping[int, Switch]
    lines: Lines
    proofs: AuditLogs
    door: Door
    limits: Limits
    callbacks: Callbacks

    @property
    def codes(self) -> HomeRegions:
        """The way from a desk to the codes' home regions."""
        return HomeRegions(self.home, self.gateways, self.lines)

    def settle(self) -> None:
        """Wait until everything queued is final and followed, and let the replica's reader see it."""
        self.rounds.settle()
        self.replica.refresh()

    def close(self) -> None:
        """Let go of replica, chain and database."""
        if self.writer is not None:
            self.writer.close()
        self.floor.close()


def open_house(settings: Settings, clock: Clock, *, drivers: Drivers = DRIVERS, resuming: bool = False) -> House:
    """Open everything, found the chain where it is new, and join the rooms; `drivers` as `DRIVERS`, for another clock.

    `resuming` is for a restore, which alone may open a database that was just loaded (Conflict("backup.unfinished")).

    Unavailable("ledger.locked" | "replica.locked") where another process owns them, Conflict("ledger.other_chain" |
    "replica.other_chain") where database, replica and chain do not belong together.
    """
    floor = open_floor(settings, clock, drivers=drivers, account=account, resuming=resuming)
    try:
        return _furnish(floor, _directory(floor))
    except BaseException:
        floor.close()
        raise


def _directory(floor: Floor) -> Directory:
    """Find the contracts where the database, or for the first time ECERT_CONSORTIUM, says; or found them."""
    told, consortium = floor.settings.consortium, floor.consortium()
    if consortium is None and told is None:
        return found(floor.sending, floor.regions, floor.now)
    if None not in {told, consortium} and told != consortium:
        raise Conflict("ledger.other_chain", "ECERT_CONSORTIUM names another than the database")
    try:
        directory = look_up(floor.ledger, consortium or told or b"")
    except NotFound as fault:
        raise Conflict("ledger.other_chain", "no Consortium stands where it should") from fault
    except Unavailable:
        followed = _followed(floor.settings, consortium) if consortium else None
        if followed is None:
            raise
        return followed
    floor.bind(directory.consortium)
    return directory


def found(sending: Sending, regions: Collection[int], now: Callable[[], int]) -> Directory:
    """Found the consortium; Unavailable("ledger.unfounded") for one who does not hold every region's keys."""
    names = {region.number: region.zh for region in REGIONS}
    if names.keys() - set(regions):
        raise Unavailable("ledger.unfounded", "ECERT_CONSORTIUM must name the Consortium that this region joins")
    return Founding(sending, names, lambda: settle_queue(sending), now).found()


def _followed(settings: Settings, consortium: bytes) -> Directory | None:
    """While the chain is away its directory is what was last followed: verifying goes on."""
    try:
        return directory_followed(open_replica(settings.replica).trust, consortium)
    except Unavailable:
        return None


def _furnish(floor: Floor, directory: Directory) -> House:
    settings, identity = floor.settings, floor.ledger.identity()
    writer = _writer(floor, directory) if FOLLOWER in settings.roles else None
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
        signer=lambda region: region_signer(floor.keys, region, "status"),
        anchoring=anchoring,
        sending=floor.sending,
        directory=directory,
        audit=audit,
        regions=floor.regions,
        trust=lambda: trust_in_time(replica, now=floor.now()),
        followed=lambda: replica,
        public_url=settings.public_url,
    )
    gateways = {region: Switch(region) for region in floor.regions}
    lines = Lines(
        peers=settings.peers,
        trust=lambda: trust_now(replica),
        signer=lambda region: region_signer(floor.keys, region, "gateway"),
        regions=floor.regions,
        now=floor.now,
        ca_file=settings.ca_file,
    )
    home = Home(
        database=floor.database,
        vault=floor.vault,
        signer=lambda region: region_signer(floor.keys, region, "code"),
        holdings=issuing_regions(issuer, gateways, lines),
        audit=audit.record,
        regions=frozenset(floor.regions),
        code_seconds=settings.code_seconds,
    )
    door = Door(
        database=floor.database,
        clock=floor.clock,
        public_url=settings.public_url,
        find_key=lambda kid: find_gateway(trust_now(replica), kid, now=floor.now()),
        signer=lines.signer,
        regions=floor.regions,
    )
    proofs = AuditLogs(audit, gateways, lines)
    callbacks = callbacks_of(floor, replica, lines.signer)
    rounds: Rounds | Watching
    if writer is None:
        rounds = Watching(floor.sending, anchoring, lambda: floor.ledger.head().number, replica)
    else:
        rounds = Rounds(
            floor.sending,
            anchoring,
            Follower(floor.ledger, writer, directory.consortium, Judging(writer, proofs)),
            floor.now,
            due=(callbacks.noting.once, lambda now: due(issuer, now)),
            each_minute=(
                lambda now: purge_answers(issuer, now),
                lambda now: purge(home, now=now),
                door.purge,
                callbacks.purge,
                lambda now: reopen_lists(issuer, now),
            ),
            followed=replica.refresh,
        )
    return House(
        floor,
        directory,
        writer,
        replica,
        audit,
        anchoring,
        rounds,
        issuer,
        home,
        gateways,
        lines,
        proofs,
        door,
        Limits(),
        callbacks,
    )


def _writer(floor: Floor, directory: Directory) -> ReplicaWriter:
    identity = floor.ledger.identity()
    genesis = Head(0, identity.genesis, 0)
    return ReplicaWriter(floor.settings.replica, chain=identity, consortium=directory.consortium, genesis=genesis)


def announce(house: House, url: str) -> None:
    """Let commands of this machine find the server that owns an embedded chain."""
    if isinstance(house.floor.ledger, EmbeddedLedger):
        house.floor.ledger.announce(url)


def sign_through(call: Call, sender: Account, nonce: int, *, chain_id: int) -> SignedTransaction:
    """Sign a call for a chain that another process owns."""
    payload = calls.encode_call(call)
    gas = call_gas(call.function, payload)
    return calls.sign(sender, chain_id=chain_id, nonce=nonce, gas=gas, to=call.address, payload=payload)


def ask_witnesses(settings: Settings, clock: Clock, question: Callable[[Witness], T]) -> T:
    """Ask the validators one after another until what one answers holds; Conflict("evidence.no_validators")."""
    scheme, _, rest = settings.ledger.partition(":")
    ledger = DRIVERS[scheme](rest, settings, clock) if scheme != "embedded" else None
    if not isinstance(ledger, NetworkLedger):
        raise Conflict("evidence.no_validators", "an embedded chain is signed by nobody")
    try:
        return ledger.witness(question)
    finally:
        ledger.close()
