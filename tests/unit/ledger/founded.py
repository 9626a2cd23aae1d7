"""A founded consortium of four on an embedded chain, copied for each test, and commands typed at it."""

from __future__ import annotations

import argparse
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from fastapi import FastAPI

from ecert.app.floor import Floor, open_floor
from ecert.app.rounds import Rounds, settle_queue
from ecert.runtime.settings import load_settings
from ecert.runtime.web import furnish
from ledger import cli
from ledger.acting import Acting, act_here, act_through
from ledger.anchoring import Anchoring
from ledger.api import router
from ledger.auditing import AuditLog
from ledger.directory import Directory, look_up
from ledger.drivers import calls
from ledger.drivers.embedded import open_embedded
from ledger.following import Follower
from ledger.founding import Founding
from ledger.port import Account, Call, Head, SignedTransaction
from ledger.replica import Replica, ReplicaWriter, open_replica
from tests.databases import copy_home, environment

NAMES = {31: "上海", 32: "江苏", 33: "浙江", 34: "安徽"}


class Hurried:
    """A clock whose seconds last ten milliseconds, so that each act finds its own block at once."""

    def now(self) -> float:
        return 1_800_000_000 + time.monotonic() * 100


CLOCK = Hurried()


@dataclass(frozen=True, slots=True)
class Founded:
    """The house's floor and loop around a founded chain, without its rooms."""

    floor: Floor
    directory: Directory
    writer: ReplicaWriter
    replica: Replica
    rounds: Rounds
    audit: AuditLog

    def acting_here(self) -> Acting:
        act = act_here(self.floor.sending, self.settle, self.floor.now)
        return Acting(self.directory, self.replica, act, self.floor.ledger.encode, self.floor.now)

    def settle(self) -> None:
        """Do what `Rounds.settle` does, at this clock's pace."""
        while self.rounds.once():
            time.sleep(0.002)
        self.rounds.once()

    def acting_through(self, url: str) -> Acting:
        def sign(call: Call, account: Account, nonce: int) -> SignedTransaction:
            return self.floor.ledger.prepare(call, account, nonce=nonce)

        act = act_through(url, account=self.floor.sending.account, sign=sign)
        return Acting(self.directory, self.replica, act, self.floor.ledger.encode, self.floor.now)

    def admin(self, region: int) -> str:
        return "0x" + self.floor.sending.account(f"{region}-admin").address.hex()

    def app(self) -> FastAPI:
        app = FastAPI()
        doors = router(
            identity=self.floor.ledger.identity(),
            directory=self.directory,
            replica=open_replica(self.floor.settings.replica),
            sending=self.floor.sending,
            audit=self.audit,
            lists=lambda: "the newest list",
        )
        app.include_router(doors)
        furnish(app)
        return app


@contextmanager
def copied(factory: pytest.TempPathFactory, home: Path) -> Iterator[Founded]:
    """Open a copy of a house that is founded once in a run: founding takes longer than most tests."""
    template = factory.getbasetemp() / "founded"
    if not template.exists():
        with opened(template):
            pass
    copy_home(template, home / "house")
    with opened(home / "house") as house:
        yield house


@contextmanager
def opened(home: Path) -> Iterator[Founded]:
    """Open the house under `home`, founding its chain where it is new."""
    settings = load_settings(environment(home))
    drivers = {"embedded": lambda rest, *_: open_embedded(Path(rest), clock=CLOCK.now, wait=_doze)}
    floor = open_floor(settings, CLOCK, drivers=drivers, account=calls.account)
    try:
        founding = Founding(floor.sending, NAMES, lambda: settle_queue(floor.sending), floor.now)
        bound = floor.consortium()
        directory = founding.found() if bound is None else look_up(floor.ledger, bound)
        identity = floor.ledger.identity()
        genesis = Head(0, identity.genesis, 0)
        writer = ReplicaWriter(settings.replica, chain=identity, consortium=directory.consortium, genesis=genesis)
        try:
            yield _furnished(floor, directory, writer)
        finally:
            writer.close()
    finally:
        floor.close()


def _furnished(floor: Floor, directory: Directory, writer: ReplicaWriter) -> Founded:
    anchoring = Anchoring(
        floor.database, floor.sending, directory, floor.ledger.identity().chain_id, floor.regions, size=100, seconds=0
    )
    follower = Follower(floor.ledger, writer, directory.consortium)
    follower.step()
    rounds = Rounds(floor.sending, anchoring, follower, floor.now)
    audit = AuditLog(floor.database, floor.vault)
    return Founded(floor, directory, writer, open_replica(floor.settings.replica), rounds, audit)


@contextmanager
def served(house: Founded, app: FastAPI | None = None) -> Iterator[str]:
    """Serve on a free loopback port, with the house's loop going round; yields the URL."""
    server = uvicorn.Server(
        uvicorn.Config(app or house.app(), host="127.0.0.1", port=0, log_level="critical", ws="none")
    )
    serving = threading.Thread(target=server.run)
    stop = threading.Event()
    going_round = threading.Thread(target=house.rounds.forever, args=(stop,))
    for thread in (serving, going_round):
        thread.start()
    try:
        while not server.started:
            assert serving.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        stop.set()
        server.should_exit = True
        for thread in (serving, going_round):
            thread.join()


@dataclass(frozen=True, slots=True)
class Told:
    """A command's exit code and what it wrote."""

    code: int
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - as orjson gives it
        return orjson.loads(self.text)

    @property
    def error(self) -> tuple[int, str, str]:
        error = self.json["error"]
        return self.code, error["code"], error["detail"]


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ecert")
    cli.add(parser.add_subparsers(dest="command", required=True))
    return parser.parse_args(words)


def typed(house: Founded, *words: str, acting: Acting | None = None) -> Told:
    """Type a command, as words."""
    args, out = parsed(*words), io.StringIO()
    by = acting or house.acting_here()
    if args.command == "consortium":
        return Told(cli.run_consortium(args, by, out), out.getvalue())
    return Told(cli.run_trust(args, by, house.floor.keys, out), out.getvalue())


def _doze(event: threading.Event, seconds: float) -> None:
    event.wait(min(seconds, 0.002))
