"""The embedded chain's memory: keys and values in SQLite, where a block becomes durable whole or not at all.

py-evm's own AtomicDB applies a batch key by key, so that a crash leaves half a block. Here everything written
between the opening and the closing of the outermost `atomic_batch` is one SQLite transaction (WAL, FULL).
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from eth.abc import AtomicWriteBatchAPI
from eth.db.backends.base import BaseAtomicDB

from ecert.domain.errors import Unavailable
from ledger.port import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["BlockStore"]

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS nodes (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (
    hash BLOB PRIMARY KEY, block INTEGER NOT NULL, time INTEGER NOT NULL, position INTEGER NOT NULL,
    succeeded INTEGER NOT NULL, error TEXT, created BLOB
) WITHOUT ROWID;
"""
_OUTCOME = "SELECT block, time, position, succeeded, error, created FROM outcomes WHERE hash = ?"


class BlockStore(BaseAtomicDB, AtomicWriteBatchAPI):
    """Nodes by key, and the outcome of every final transaction. One thread writes; any number read.

    Readers see what an open batch has not yet made durable, and it cannot harm them: all that they look up
    hangs from a head that is published after the commit.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; Unavailable("ledger.unavailable") when SQLite cannot."""
        self._batch: dict[bytes, bytes | None] | None = None
        self._settled: list[tuple[bytes, Outcome]] = []
        self._reading = threading.Lock()
        with _answering():
            self._writer = _connect(path)
            self._writer.executescript(_SCHEMA)
            self._reader = _connect(path)

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        """Make all writes inside durable together; an inner batch joins the outer; an exception drops all."""
        if self._batch is not None:
            yield self
            return
        self._batch = {}
        self._settled = []
        try:
            yield self
            self._commit()
        finally:
            self._batch = None
            self._settled = []

    def settle(self, transaction_hash: bytes, outcome: Outcome) -> None:
        """Note a transaction's outcome in the open batch."""
        self._settled.append((transaction_hash, outcome))

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Look up what became of a transaction."""
        row = self._one(_OUTCOME, transaction_hash)
        return None if row is None else Outcome(row[0], row[1], row[2], bool(row[3]), row[4], row[5])

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
            self._writer.close()

    def __getitem__(self, key: bytes) -> bytes:
        """Read a value; KeyError when there is none."""
        value = self._read(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        """Write a value; outside a batch it is a batch of its own."""
        with self.atomic_batch():
            self._open()[key] = value

    def __delitem__(self, key: bytes) -> None:
        """Forget a key; KeyError when there is none."""
        if self._read(key) is None:
            raise KeyError(key)
        with self.atomic_batch():
            self._open()[key] = None

    def _exists(self, key: bytes) -> bool:
        return self._read(key) is not None

    def _open(self) -> dict[bytes, bytes | None]:
        return {} if self._batch is None else self._batch

    def _read(self, key: bytes) -> bytes | None:
        batch = self._batch
        if batch is not None and key in batch:
            return batch[key]
        row = self._one("SELECT value FROM nodes WHERE key = ?", key)
        return None if row is None else row[0]

    def _one(self, question: str, key: bytes) -> tuple[Any, ...] | None:
        with _answering(), self._reading:
            row: tuple[Any, ...] | None = self._reader.execute(question, (key,)).fetchone()
        return row

    def _commit(self) -> None:
        batch = self._open()
        written = [(key, value) for key, value in batch.items() if value is not None]
        forgotten = [(key,) for key, value in batch.items() if value is None]
        outcomes = [(digest, o.block, o.time, o.index, o.succeeded, o.error, o.created) for digest, o in self._settled]
        with _answering(), _transaction(self._writer) as rows:
            rows.executemany("INSERT OR REPLACE INTO nodes VALUES (?, ?)", written)
            rows.executemany("DELETE FROM nodes WHERE key = ?", forgotten)
            rows.executemany("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?)", outcomes)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have rolled back already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _answering() -> Iterator[None]:
    """Tell every failure of the file (locked, full, unreadable, closed) as the dependency being away."""
    try:
        yield
    except sqlite3.Error as fault:
        raise Unavailable("ledger.unavailable", str(fault)) from fault
