"""Watches every durable write of a process from outside, and kills it at one: the product knows of no crashes.

Database transactions through SQLAlchemy's events, blocks through the block store's connection, the replica and other
files through `os`, sendings through the embedded chain's `submit` or the network's postbox. A transaction that no rule
names is told as well.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event, text

import ecert.app.floor
from ecert.runtime.storage import Database
from ledger.drivers import blockstore
from ledger.drivers.embedded import EmbeddedLedger
from ledger.drivers.postbox import Postbox
from ledger.port import SignedTransaction
from ledger.replica import layout
from tests.crash.naming import STATEMENTS, name_of_transaction, touched
from tests.databases import url_of

__all__ = ["Strike", "Watch", "watch"]

Given = Any
"""Whatever a library hands to the function that it calls."""

_SENDS = {"anchor": "anchor.send", "setStatus": "status.send"}
_ANCHORS = 'SELECT count(*) FROM ledger_batch WHERE "transaction" = '
_PURPOSE = text("SELECT purpose FROM ledger_transaction WHERE hash = :hash")


@dataclass(frozen=True, slots=True)
class Strike:
    """Where a process dies: at the `nth` passage of a named write; `delay` (seconds) into it where `amid`."""

    name: str
    moment: str
    nth: int
    delay: float = 0.0


@dataclass(slots=True)
class Watch:
    """What one process has passed so far, and where it is to die; `tell` hears of writes that have no name."""

    strike: Strike | None
    tell: Callable[[str], object]
    passed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def passing(self, name: str, torn: Callable[[], object] | None = None) -> Iterator[None]:
        """Pass a named write, or die at it; `torn` does half of it."""
        with self.lock:
            self.passed[name] += 1
            strike = self.strike
            is_hit = strike is not None and (name, self.passed[name]) == (strike.name, strike.nth)
        if strike is None or not is_hit:
            yield
            return
        match strike.moment:
            case "before":
                _die()
            case "torn":
                if torn is not None:
                    torn()
                _die()
            case "amid":
                threading.Thread(target=_die, args=(strike.delay,)).start()
        yield
        while strike.moment == "amid":
            time.sleep(1)
        _die()


def watch(home: Path, strike: Strike | None, tell: Callable[[str], object]) -> Watch:
    """Watch this process, whose house is in `home`, from now on, for good: what is patched here dies with it."""
    found = Watch(strike, tell)
    _watch_database(found)
    _watch_blocks(found)
    _watch_sendings(found, url_of(home / "ecert.sqlite"))
    _watch_files(found)
    return found


def _die(delay: float = 0.0) -> None:
    time.sleep(delay)
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _watch_database(watch: Watch) -> None:
    really = ecert.app.floor.open_database

    def opened(url: str, *, connections: int) -> Database:
        database = really(url, connections=connections)
        _Transactions(watch).listen(database)
        return database

    ecert.app.floor.open_database = opened


class _Transactions(threading.local):
    """What each thread's open transaction has written."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.writes: set[str] = set()
        self.finished: list[int] = []

    def listen(self, database: Database) -> None:
        engine, really = database.engine, database.engine.dialect.do_commit
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

        def commit(raw: Given) -> None:
            name = self._name(raw)
            if name is None:
                really(raw)
                return
            with self.watch.passing(name):
                really(raw)

        engine.dialect.do_commit = commit

    def _begin(self, _connection: Given) -> None:
        self.writes, self.finished = set(), []

    def _before(self, _connection: Given, _cursor: Given, statement: str, given: Given, *_: Given) -> None:
        wrote = touched(statement)
        if wrote is None:
            return
        self.writes.add(wrote)
        if wrote == "UPDATE ledger_transaction":
            self.finished.append(given["id_1"] if isinstance(given, dict) else given[-1])
        self.step = _passing_statement(self.watch, wrote)

    def _after(self, _connection: Given, _cursor: Given, statement: str, *_: Given) -> None:
        if touched(statement) is not None:
            next(self.step, None)

    def _name(self, raw: Given) -> str | None:
        if not self.writes:
            return None
        name = name_of_transaction(self.writes)
        if name == "send.final" and any(raw.execute(f"{_ANCHORS}{int(n)}").fetchone()[0] for n in self.finished):
            return "anchor.final"
        if name is None:
            self.watch.tell(", ".join(sorted(self.writes)))
        return name


def _passing_statement(watch: Watch, wrote: str) -> Iterator[None]:
    """Begin to pass a statement; the iterator's next step ends it."""

    def steps() -> Iterator[None]:
        for name, write in STATEMENTS.items():
            if write == wrote:
                with watch.passing(name):
                    yield

    begun = steps()
    next(begun, None)
    return begun


def _watch_blocks(watch: Watch) -> None:
    really = blockstore._connect
    blockstore._connect = lambda path: _Connection(really(path), watch)


@dataclass(slots=True)
class _Connection:
    """A connection of the block store whose COMMIT is a named write."""

    under: sqlite3.Connection
    watch: Watch

    def execute(self, statement: str, *given: Given) -> sqlite3.Cursor:
        if statement != "COMMIT":
            return self.under.execute(statement, *given)
        with self.watch.passing("block.commit"):
            return self.under.execute(statement)

    def __getattr__(self, name: str) -> Given:
        return getattr(self.under, name)


def _watch_sendings(watch: Watch, url: str) -> None:
    queue = create_engine(url, poolclass=NullPool)
    for driver, sends in ((EmbeddedLedger, "submit"), (Postbox, "send")):
        setattr(driver, sends, _passing_sending(watch, queue, getattr(driver, sends)))


def _passing_sending(watch: Watch, queue: Engine, really: Given) -> Given:
    def send(driver: Given, transaction: SignedTransaction) -> None:
        name = _SENDS.get(_purpose_of(queue, transaction))
        if name is None:
            really(driver, transaction)
            return
        with watch.passing(name):
            really(driver, transaction)

    return send


def _purpose_of(queue: Engine, transaction: SignedTransaction) -> str:
    """Look up in the queue what a transaction is for."""
    with queue.connect() as connection:
        return str(connection.execute(_PURPOSE, {"hash": transaction.hash}).scalar() or "")


def _watch_files(watch: Watch) -> None:
    pwrite, link, replaced = os.pwrite, os.link, os.replace

    def written(file: int, raw: bytes, offset: int) -> int:
        if Path(f"/proc/self/fd/{file}").readlink().name != "replica.bin":
            return pwrite(file, raw, offset)
        behind = "replica.bits" if len(raw) == 1 else "replica.records"
        name = "replica.header" if offset < layout.FIRST_RECORD else behind
        with watch.passing(name, torn=lambda: pwrite(file, raw[: len(raw) // 2], offset)):
            return pwrite(file, raw, offset)

    def linked(beside: Given, path: Given) -> None:
        with watch.passing("key.make"):
            link(beside, path)

    def moved(beside: Given, path: Given) -> None:
        if Path(path).name != "light.json":
            replaced(beside, path)
            return
        with watch.passing("light.keep", torn=lambda: os.truncate(beside, Path(beside).stat().st_size // 2)):
            replaced(beside, path)

    os.pwrite, os.link, os.replace = written, linked, moved
