"""What tests do to a database behind the house's back, the same on both engines: lock it, break it, read all of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, event, select, text

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["fault_before", "fill", "held", "hurry", "on_connecting", "stored"]

_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''full'' USING ERRCODE = ''disk_full''; END'
"""
_REFUSE_POSTGRES = """
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''fault'' USING ERRCODE = ''integrity_constraint_violation''; END'
"""


def fault_before(connection: Connection, write: str, table: str) -> None:
    """Let every `INSERT` or `UPDATE` of a table break a constraint from now on."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_REFUSE_POSTGRES))
        act = "FOR EACH ROW EXECUTE FUNCTION fault()"
    else:
        act = "BEGIN SELECT RAISE(ABORT, 'fault'); END"
    connection.execute(text(f"CREATE TRIGGER fault BEFORE {write} ON {table} {act}"))


def fill(engine: Engine) -> Callable[[], None]:
    """Let there be no room for another row; call the answer to end it."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return on_connecting(engine, f"PRAGMA max_page_count = {pages}")
    with engine.begin() as connection:
        connection.execute(text(_FULL))
        for table in _tables(connection).tables:
            connection.execute(text(f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION full_disk()"))

    def end() -> None:
        with engine.begin() as connection:
            connection.execute(text("DROP FUNCTION full_disk CASCADE"))

    return end


@contextmanager
def held(engine: Engine) -> Iterator[None]:
    """Hold the whole database against writers, as another process may; readers go on."""
    if engine.dialect.name == "sqlite":
        other = sqlite3.connect(str(engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()
        return
    with engine.connect() as connection:
        names = _tables(connection).tables
        connection.execute(text(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE"))
        yield
        connection.rollback()


def hurry(engine: Engine) -> Callable[[], None]:
    """Let nobody wait for a lock for long; call the answer to end it."""
    return on_connecting(
        engine, "PRAGMA busy_timeout = 20" if engine.dialect.name == "sqlite" else "SET lock_timeout = '20ms'"
    )


def on_connecting(engine: Engine, statement: str) -> Callable[[], None]:
    """Say something on every new connection, and begin with new ones; call the answer to end it."""

    def say(raw: Any, _record: object) -> None:  # noqa: ANN401 - either driver's connection
        raw.execute(statement).close()
        if engine.dialect.name != "sqlite":
            raw.commit()

    def end() -> None:
        event.remove(engine, "connect", say)
        engine.dispose()

    engine.dispose()
    event.listen(engine, "connect", say)
    return end


def stored(engine: Engine) -> bytes:
    """Give every byte that is stored: SQLite's files, or every value of every row."""
    if engine.dialect.name == "sqlite":
        file = str(engine.url.database)
        return b"".join(_content(name) for name in (file, f"{file}-wal"))
    with engine.connect() as connection:
        tables = _tables(connection).sorted_tables
        values = [value for table in tables for row in connection.execute(select(table)) for value in row]
    return b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def _tables(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found


def _content(name: str) -> bytes:
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - SQLite's own files
            return file.read()
    except FileNotFoundError:
        return b""
