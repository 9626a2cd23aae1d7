"""One database, two engines: what a transaction promises is the same on SQLite and on PostgreSQL.

A writing transaction acts on the newest state of what it has locked. SQLite has one writer, from BEGIN on.
PostgreSQL runs at READ COMMITTED, and who reads in order to write locks first: rows by FOR UPDATE, what has no row
by `queue_behind` (docs/decisions/0016-postgresql.md). A reading one sees one snapshot. What was committed survives
a power cut (SQLite: WAL, synchronous=FULL). IntegrityError passes through: only the store that wrote the row knows
which Conflict it means. Unavailable is

    storage.unavailable   locked for longer than five seconds, full, or not to be reached: nothing was written
    storage.lost          the connection broke: nothing was written, unless the answer to COMMIT was what got lost
    storage.drained       every connection of the pool was in use for five seconds
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Engine,
    Integer,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import SQLModel

from ecert.domain.errors import Malformed, Unavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import ExceptionContext

_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
_WRITING: Final[Mapping[str, Mapping[str, object]]] = {
    "sqlite": {"begin": "BEGIN IMMEDIATE"},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
_READING: Final[Mapping[str, Mapping[str, object]]] = {
    "sqlite": {"begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
# A lock is waited for as long as on SQLite; who sits on one in silence, or behind a dead network, is let go.
_SESSION: Final = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
_REACH: Final = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "tcp_user_timeout": 10_000}
_KEPT: Final = 10

ROW_ID: Final = BigInteger().with_variant(Integer, "sqlite")
"""The type of a row's own number: 64 bits on both engines (SQLite counts by itself in INTEGER columns alone)."""


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
        except DBAPIError as error:
            if (outage := _outage(error)) is None:
                raise
            raise outage from error
        except PoolTimeout as error:
            raise Unavailable("storage.drained", "no connection is free") from error


def open_database(url: str, *, connections: int = 40) -> Database:
    """Open `sqlite:///PATH` or `postgresql+psycopg://...`; a new SQLite file is its owner's alone (0600).

    At most `connections` are open at once. Raises Malformed("storage.url"), Unavailable("storage.unavailable") where
    the file cannot be made; a server is not asked yet.
    """
    parsed, kept = _parse(url), min(connections, _KEPT)
    waiting = {"pool_size": kept, "max_overflow": connections - kept, "pool_timeout": 5}
    if parsed.get_backend_name() == "postgresql":
        asked = {**_REACH, "options": f"{_SESSION} {parsed.query.get('options', '')}"}
        server = create_engine(parsed, hide_parameters=True, pool_pre_ping=True, connect_args=asked, **waiting)
        event.listen(server, "handle_error", _forget_values)
        return Database(server)
    _make_private(Path(parsed.database or ""))
    engine = create_engine(parsed, hide_parameters=True, **waiting)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return Database(engine)


def table_of(model: type[SQLModel]) -> Table:
    """Return the Core table behind a `table=True` class: stores speak Core, which is several times faster."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def inserting(connection: Connection) -> Any:  # noqa: ANN401 - SQLAlchemy's two modules share no type
    """Give the engine's own `insert`, which knows ON CONFLICT."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert


def queue_behind(connection: Connection, name: str) -> None:
    """Wait for every transaction that queues under the same name, and hold later ones until this one ends."""
    if connection.dialect.name == "postgresql":  # SQLite's writers stand in one queue anyway
        key = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


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


def _forget_values(context: ExceptionContext) -> None:
    # PostgreSQL quotes the row in a message's detail, and a wrong value in the message itself.
    fault, told = context.original_exception, context.sqlalchemy_exception
    if isinstance(told, (IntegrityError, DataError)):
        name = type(fault).__name__
        fault.args, told.args = (name,), (name,)


def _outage(error: DBAPIError) -> Unavailable | None:
    """Tell an outage from a defect, such as a missing table or a wrong statement."""
    # The driver's message may quote values; the name of its fault does not.
    name = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
    if error.connection_invalidated:
        return Unavailable("storage.lost", name)
    if not isinstance(error, (OperationalError, InterfaceError)) or name == "SQLITE_ERROR":
        return None
    return Unavailable("storage.unavailable", name)
