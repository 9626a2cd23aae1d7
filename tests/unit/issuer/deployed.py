"""The issuing room on a real chain of its own: what is queued becomes final, is followed, and can be asked for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecert.domain.status import Status, list_id
from ecert.domain.suites import suite
from issuer import Change, change_many, due, establish
from ledger.following import Follower
from ledger.founding import Founding
from ledger.judging import Judging
from ledger.port import Head
from ledger.replica import Replica, ReplicaWriter, open_replica
from tests.conformance.ledgers import hurried_clock, open_hurried
from tests.unit.issuer.world import USCC, build, office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer import Issued, Issuer
    from issuer.grounds import Action

SUITES = tuple(name for name in ("ES256", "SM2-SM3") if suite(name).available)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A room, its replica, and how to wait until everything queued is final and followed."""

    room: Issuer
    replica: Replica
    follower: Follower

    def settle(self) -> None:
        deadline = time.monotonic() + 60
        while self._round() or not self.room.anchoring.is_idle():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)
        self.follower.step()
        self.replica.refresh()

    def status(self, issued: Issued, *, at: int | None = None) -> Status | None:
        region, number = list_id(issued.status.uri)
        return self.replica.status(region=region, number=number, index=issued.status.index, at=at)

    def chained(self, issued: Issued) -> Status:
        region, number = list_id(issued.status.uri)
        call = self.room.directory.call("StatusRegistry", "statusOf", region, number, issued.status.index)
        (status,) = self.room.sending.ledger.ask(call)
        return Status(int(str(status)))

    def _round(self) -> int:
        due(self.room, now())
        self.room.anchoring.close_batches(now())
        return self.room.sending.push()


def now() -> int:
    return int(hurried_clock())


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    ledger = open_hurried(folder / "chain.sqlite")
    room = build(folder, ledger).room
    directory = Founding(room.sending, {31: "上海", 32: "江苏"}, lambda: push(room), now).found()
    identity = ledger.identity()
    writer = ReplicaWriter(
        folder, chain=identity, consortium=directory.consortium, genesis=Head(0, identity.genesis, 0)
    )
    replica = open_replica(folder)
    room = replace(
        room,
        directory=directory,
        anchoring=replace(room.anchoring, directory=directory, chain_id=identity.chain_id, seconds=0),
        trust=lambda: replica.trust,
        followed=lambda: replica,
    )
    made = Deployment(room, replica, Follower(ledger, writer, directory.consortium, Judging(writer, room.audit)))
    wanted = replace(office(), suites=SUITES)
    for call in establish(room, wanted, now=now()):
        with room.database.transaction() as connection:
            room.sending.queue(connection, call, account="32-admin", now=now())
    made.settle()
    assert establish(room, wanted, now=now()) == ()
    yield made
    writer.close()
    ledger.close()
    room.database.close()


def change(deployment: Deployment, issued: Issued, action: Action) -> None:
    wanted = Change(issued.licence_id, action, "lost")
    change_many(deployment.room, [wanted], authority=USCC, now=now())


def push(room: Issuer) -> None:
    while room.sending.push():
        time.sleep(0.005)
