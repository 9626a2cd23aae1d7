"""One database, two engines: what a transaction promises is the same on SQLite and on PostgreSQL.

A writing transaction is serialisable: SQLite takes the one write lock at BEGIN, PostgreSQL runs at
SERIALIZABLE. What was committed survives a power cut (SQLite: WAL, synchronous=FULL). A reading one sees one
snapshot. An engine that is locked, full or lost is Unavailable("storage.unavailable"); nothing was written.
IntegrityError passes through: only the store that wrote the row knows which Conflict it means.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import SQLModel

from ecert.domain.errors import Malformed, Unavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
_WRITING: Final[Mapping[str, Mapping[str, object]]] = {
    "sqlite": {"begin": "BEGIN IMMEDIATE"},
    "postgresql": {"isolation_level": "SERIALIZABLE"},
}
_READING: Final[Mapping[str, Mapping[str, object]]] = {
    "sqlite": {"begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


@dataclass(frozen=True, slots=True)
class Database:
    """A pool of connections to one database; any number of threads may share it."""

    engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Write: commit at the end of the block, roll back when it raises. Do not nest."""
        with self._begun(_WRITING) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one snapshot, waiting for no writer."""
        with self._begun(_READING) as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def _begun(self, options: Mapping[str, Mapping[str, object]]) -> Iterator[Connection]:
        chosen = options[self.engine.dialect.name]
        try:
            with self.engine.connect() as connection, connection.execution_options(**chosen).begin():
                yield connection
        except (OperationalError, InterfaceError) as error:
            if (name := _fault(error)) == "SQLITE_ERROR":
                raise  # A missing table or a wrong statement: a defect, not an outage.
            raise Unavailable("storage.unavailable", name) from error
        except PoolTimeout as error:
            raise Unavailable("storage.unavailable", "no connection is free") from error


def open_database(url: str) -> Database:
    """Open `sqlite:///PATH` or `postgresql+psycopg://...`; a new SQLite file is its owner's alone (0600).

    Raises Malformed("storage.url"), Unavailable("storage.unavailable") where the file cannot be made.
    """
    parsed = _parse(url)
    waiting = {"pool_size": 10, "max_overflow": 30, "pool_timeout": 5}
    if parsed.get_backend_name() == "postgresql":
        return Database(create_engine(parsed, hide_parameters=True, pool_pre_ping=True, **waiting))
    _make_private(Path(parsed.database or ""))
    engine = create_engine(parsed, hide_parameters=True, **waiting)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return Database(engine)


def table_of(model: type[SQLModel]) -> Table:
    """Return the Core table behind a `table=True` class: stores speak Core, which is several times faster."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Malformed("storage.url") from None
    on_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}
    if not on_file and parsed.get_backend_name() != "postgresql":
        raise Malformed("storage.url", "a SQLite file or PostgreSQL is wanted")
    return parsed


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Unavailable("storage.unavailable", type(error).__name__) from error


class _Raw(Protocol):
    isolation_level: str | None

    def execute(self, sql: str, /) -> sqlite3.Cursor: ...


def _configure(raw: _Raw, _record: object) -> None:
    # The driver's own idea of when to begin is switched off: `_begin` says it.
    raw.isolation_level = None
    for pragma in _PRAGMAS:
        raw.execute(pragma).close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))


def _fault(error: OperationalError | InterfaceError) -> str:
    # The driver's message may quote values; the name of its fault does not.
    return getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
