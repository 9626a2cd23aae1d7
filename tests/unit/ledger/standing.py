"""A founded house whose clock stands until a test moves it: each second is one block with everything that waits."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from ecert.app.floor import Floor, open_floor
from ecert.runtime.settings import load_settings
from ledger.anchoring import Anchoring
from ledger.auditing import AuditLog
from ledger.directory import CONTRACTS, Directory, look_up
from ledger.drivers import calls
from ledger.drivers.embedded import open_embedded
from ledger.following import Follower
from ledger.judging import Judging
from ledger.port import Call, Head, Ledger
from ledger.replica import ReplicaWriter
from ledger.sending import Sending
from tests.databases import copy_home, environment
from tests.unit.ledger.founded import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from ledger.judging import ConsistencyProofs

ROLES = {name: role for role, name in CONTRACTS.items()}
MINUTE = 61


@dataclass
class Clock:
    """Stands; the chain's thread looks at it every millisecond."""

    seconds: int = 0

    def now(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, _seconds: float) -> None:
        event.wait(0.001)


@dataclass
class House:
    """The floor and directory under one folder; `anchoring` and the others are new objects each time they are asked.

    `steady` is the clock by which followers ask for proofs; a test alone moves it.
    """

    clock: Clock
    floor: Floor
    directory: Directory
    folder: Path
    writers: list[ReplicaWriter] = field(default_factory=list)
    steady: Clock = field(default_factory=Clock)

    @property
    def ledger(self) -> Ledger:
        return self.floor.ledger

    @property
    def now(self) -> int:
        return self.clock.seconds

    @property
    def audit(self) -> AuditLog:
        return AuditLog(self.floor.database, self.floor.vault)

    @property
    def sending(self) -> Sending:
        return Sending(self.floor.database, self.ledger, self.floor.sending.account)

    def anchoring(self, *, size: int = 100, seconds: int = 0, directory: Directory | None = None) -> Anchoring:
        where = directory or self.directory
        chain_id = self.ledger.identity().chain_id
        return Anchoring(self.floor.database, self.sending, where, chain_id, (31, 32), size=size, seconds=seconds)

    def writer(self) -> ReplicaWriter:
        for old in self.writers:
            old.close()
        chain = self.ledger.identity()
        genesis = Head(0, chain.genesis, 0)
        self.writers[:] = [
            ReplicaWriter(self.folder / "r", chain=chain, consortium=self.directory.consortium, genesis=genesis)
        ]
        return self.writers[0]

    def follower(self, ledger: Ledger | None = None, proofs: ConsistencyProofs | None = None) -> Follower:
        writer = self.writer()
        judging = None if proofs is None else Judging(writer, proofs, self.steady.now)
        return Follower(ledger or self.ledger, writer, self.directory.consortium, judging)

    def block(self) -> None:
        """Let a second pass, and its block be made."""
        self.clock.seconds += 1
        deadline = time.monotonic() + 20
        while self.ledger.head().time < self.clock.seconds:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def settle(self) -> None:
        while self.sending.push():
            self.block()

    def queue(self, call: Call, account: str) -> int:
        with self.floor.database.transaction() as connection:
            return self.sending.queue(connection, call, account=account, now=self.now)

    def act(self, contract: str, function: str, *args: object, by: str = "31-admin") -> None:
        self.queue(self.directory.call(contract, function, *args), by)
        self.settle()

    def enqueue(self, *fingerprints: bytes, region: int = 31) -> None:
        with self.floor.database.transaction() as connection:
            self.anchoring().enqueue(connection, region=region, fingerprints=fingerprints, now=self.now)

    def note(self, count: int = 1, region: int = 31) -> None:
        """Write entries into a region's audit log."""
        for number in range(count):
            with self.floor.database.transaction() as connection:
                self.audit.record(connection, region=region, kind="redeem", record={"number": number}, now=self.now)

    def appoint(self, contract: str) -> bytes:
        """Deploy a successor and appoint it by vote, up to the call that executes; return its address."""
        admin = self.sending.account("31-admin").address
        with self.floor.database.transaction() as connection:
            nonce = self.sending.nonce_for(admin)
            consortium = (self.directory.consortium,)
            self.sending.queue_deployment(connection, contract, consortium, account="31-admin", now=self.now)
        self.settle()
        address = calls.created_address(admin, nonce)
        call = self.directory.call("Consortium", "appointContract", ROLES[contract], address)
        self.act("Consortium", "propose", self.ledger.encode(call), self.now + 9999)
        for region in (31, 32, 33):
            self.act("Consortium", "vote", self.proposal, by=f"{region}-admin")
        return address

    @property
    def proposal(self) -> int:
        (count,) = self.ledger.ask(self.directory.call("Consortium", "proposalCount"))
        return int(str(count))

    def succeed(self, contract: str) -> Directory:
        """Let a new contract succeed the standing one; return the directory then in force."""
        self.appoint(contract)
        self.act("Consortium", "execute", self.proposal)
        return look_up(self.ledger, self.directory.consortium)

    def rows(self, table: str) -> int:
        with self.floor.database.reading() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - a test's own


@contextmanager
def standing(factory: pytest.TempPathFactory, home: Path) -> Iterator[House]:
    """Open a copy of a house that is founded once in a run."""
    template = factory.getbasetemp() / "founded"
    if not template.exists():
        with opened(template):
            pass
    copy_home(template, home / "standing")
    with reopened(home / "standing") as house:
        yield house


@contextmanager
def reopened(home: Path) -> Iterator[House]:
    """Open the house under `home`, as after a restart."""
    clock = Clock()
    drivers = {"embedded": lambda rest, *_: open_embedded(Path(rest), clock=clock.now, heartbeat=1, wait=clock.wait)}
    floor = open_floor(load_settings(environment(home)), clock, drivers=drivers, account=calls.account)
    try:
        clock.seconds = floor.ledger.head().time
        consortium = floor.consortium()
        assert consortium is not None
        house = House(clock, floor, look_up(floor.ledger, consortium), home)
        yield house
        for writer in house.writers:
            writer.close()
    finally:
        floor.close()
