"""Making a backup: certificates first, the ledger's rows after each of their leaves has its batch.

Two snapshots. The first copies every room; then the backup waits until no leaf that it holds is left in the outbox, and
the second copies the ledger. So whatever is anchored later can hold nothing of the backup's: after a restore no
fingerprint is anchored twice, and every certificate of the backup has its receipt. Where a service runs it closes the
batches; where none does, the backup closes them itself.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, inspect, select

from ecert.app.backup.form import Content, Manifest, Writer
from ecert.app.floor import Drivers
from ecert.app.migrations import migrate, tables
from ecert.app.wiring import DRIVERS, House, open_house
from ecert.domain import ids
from ecert.domain.errors import Conflict, Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings
from ecert.runtime.storage import Database, open_database
from ecert.runtime.vault import Vault
from ledger.store import batches as batch_rows
from ledger.store import queue as queue_rows

__all__ = ["back_up"]

_LEDGER = "ledger_"
_AT_ONCE = 1_000
_PATIENCE = 30
_PAUSE = 0.1


def back_up(settings: Settings, clock: Clock, folder: Path, *, drivers: Drivers = DRIVERS) -> Manifest:
    """Copy the database into a new folder, which appears whole or not at all, and return what it holds.

    Conflict("backup.exists" | "backup.nothing"), Unavailable("backup.unsettled") where leaves stay without a batch,
    Unavailable("backup.unwritable").
    """
    if folder.exists():
        raise Conflict("backup.exists", str(folder))
    with closing(open_database(settings.database)) as database:
        if not inspect(database.engine).has_table("ledger_chain"):
            raise Conflict("backup.nothing")
        migrate(database)
        with database.reading() as connection:
            if queue_rows.chain(connection) is None or queue_rows.is_restoring(connection):
                raise Conflict("backup.nothing")
        house = _house(settings, clock, drivers)
        try:
            return _copy(settings, database, folder, close=_closing(house), now=int(clock.now()))
        except OSError as fault:
            raise Unavailable("backup.unwritable", type(fault).__name__) from fault
        finally:
            if house:
                house.close()


def _house(settings: Settings, clock: Clock, drivers: Drivers) -> House | None:
    """Open the house where nobody else has it open."""
    try:
        return open_house(settings, clock, drivers=drivers)
    except Unavailable as fault:
        if fault.code not in {"ledger.locked", "replica.locked"}:
            raise
        return None


def _closing(house: House | None) -> Callable[[], object]:
    if house is None:
        return lambda: None
    at_once = replace(house.anchoring, seconds=0)
    return lambda: at_once.close_batches(house.floor.now())


def _copy(settings: Settings, database: Database, folder: Path, *, close: Callable[[], object], now: int) -> Manifest:
    keys, name = open_keys(settings.signer), ids.new_token(128)
    beside = folder.with_name(f".{folder.name}.{name}")
    beside.mkdir(mode=0o700, parents=True)
    writer = Writer(beside, Vault(keys.secret("vault")), name)
    try:
        manifest = replace(_rows(database, writer, close, settings.batch_seconds), made_at=now, keys=keys.names())
        writer.manifest(manifest.signed(writer.vault))
        _publish(beside, folder)
    except BaseException:
        shutil.rmtree(beside)
        raise
    return manifest


def _rows(database: Database, writer: Writer, close: Callable[[], object], batch_seconds: int) -> Manifest:
    known = tables().sorted_tables
    with database.reading() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        last, batches = batch_rows.newest_rows(connection)
        rooms = {str(table.name): _table(writer, connection, table) for table in known if not _is_ledgers(table)}
    _wait(database, last, close, patience=batch_seconds + _PATIENCE)
    with database.reading() as connection:
        bound = queue_rows.chain(connection)
        if bound is None:
            raise Conflict("backup.nothing")
        ledgers = {str(table.name): _table(writer, connection, table) for table in known if _is_ledgers(table)}
    identity, consortium = bound
    return Manifest(
        id=writer.id,
        made_at=0,
        revision=str(revision),
        chain_id=identity.chain_id,
        genesis=identity.genesis.hex(),
        consortium=consortium.hex(),
        batches=batches,
        keys=(),
        tables={**rooms, **ledgers},
    )


def _table(writer: Writer, connection: Connection, table: Table) -> Content:
    query = select(table)
    if table.name == "ledger_leaf":
        query = query.where(table.c.batch.is_not(None))  # what waits now came after the certificates were copied
    rows = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    return writer.rows(table.name, tuple(str(column.name) for column in table.c), (tuple(row) for row in rows))


def _is_ledgers(table: Table) -> bool:
    return table.name.startswith(_LEDGER)


def _wait(database: Database, last: int, close: Callable[[], object], *, patience: float) -> None:
    """Wait until every leaf up to a row has its batch."""
    give_up = time.monotonic() + patience
    while True:
        close()
        with database.reading() as connection:
            waiting = batch_rows.waiting_until(connection, last)
        if not waiting:
            return
        if time.monotonic() > give_up:
            raise Unavailable("backup.unsettled", f"{waiting} leaves wait for their batch")
        time.sleep(_PAUSE)


def _publish(beside: Path, folder: Path) -> None:
    beside.rename(folder)
    opened = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
