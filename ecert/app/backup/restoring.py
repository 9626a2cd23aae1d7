"""Restoring: a backup is held whole, loaded in one transaction, and then brought up to the chain (docs/backup.md).

Before the database is touched: every part opens, the custody has every key that the backup names, the chain is the
backup's own, and the database is empty. Between loading and the end the database says `restoring`, and no house opens
on it; the same command goes on from there.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, func, inspect, select

from ecert.app.backup.form import Manifest, read_manifest, read_rows
from ecert.app.backup.resuming import Resumed, resume
from ecert.app.floor import Drivers
from ecert.app.migrations import migrated, versions
from ecert.app.wiring import DRIVERS, open_house
from ecert.domain.errors import Conflict
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings
from ecert.runtime.storage import Database, open_database
from ecert.runtime.vault import Vault
from ledger.store import queue as queue_rows

__all__ = ["restore"]


def restore(settings: Settings, clock: Clock, folder: Path, *, drivers: Drivers = DRIVERS) -> Resumed:
    """Restore a backup and tell what came after it.

    Malformed("backup.broken"), Conflict("backup.foreign" | "backup.keys" | "backup.newer" | "backup.other_chain" |
    "backup.not_empty" | "backup.unknown_batch"), Unavailable("ledger.locked") beside a running service.
    """
    manifest, vault = _held(settings, folder)
    _hold_chain(settings, clock, manifest, drivers)
    with closing(open_database(settings.database)) as database:
        if not _is_loaded(database, manifest):
            if inspect(database.engine).get_table_names():
                raise Conflict("backup.not_empty")
            _load(database, folder, vault, manifest)
    house = open_house(settings, clock, drivers=drivers, resuming=True)
    try:
        resumed = resume(house, manifest)
        house.settle()
    finally:
        house.close()
    return resumed


def _held(settings: Settings, folder: Path) -> tuple[Manifest, Vault]:
    """Open every part once: what cannot be restored whole is not begun."""
    keys = open_keys(settings.signer)
    names = keys.names()
    if "vault" not in names:
        raise Conflict("backup.keys", "vault")
    vault = Vault(keys.secret("vault"))
    manifest = read_manifest(folder, vault)
    if manifest.revision not in versions():
        raise Conflict("backup.newer", manifest.revision)
    missing = sorted(set(manifest.keys) - set(names))
    if missing:
        raise Conflict("backup.keys", ", ".join(missing))
    for table in manifest.tables:
        for _part in read_rows(folder, vault, manifest, table):
            pass
    return manifest, vault


def _hold_chain(settings: Settings, clock: Clock, manifest: Manifest, drivers: Drivers) -> None:
    scheme, _, rest = settings.ledger.partition(":")
    if scheme == "embedded" and not Path(rest).exists():
        raise Conflict("backup.other_chain", "there is no chain")  # to open it would make one
    with closing(drivers[scheme](rest, settings, clock)) as ledger:
        identity = ledger.identity()
    if (identity.chain_id, identity.genesis.hex()) != (manifest.chain_id, manifest.genesis):
        raise Conflict("backup.other_chain")


def _is_loaded(database: Database, manifest: Manifest) -> bool:
    if not inspect(database.engine).has_table("ledger_chain"):
        return False
    with database.reading() as connection:
        bound = queue_rows.chain(connection)
        return bound is not None and bound[1].hex() == manifest.consortium and queue_rows.is_restoring(connection)


def _load(database: Database, folder: Path, vault: Vault, manifest: Manifest) -> None:
    """Write every row at the backup's own version of the tables, then bring them to the newest: all or nothing."""
    with database.transaction() as connection:
        migrated(connection, to=manifest.revision)
        known = MetaData()
        known.reflect(connection, only=list(manifest.tables))
        for table in known.sorted_tables:
            columns = manifest.tables[table.name].columns
            for part in read_rows(folder, vault, manifest, table.name):
                connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in part])
            _go_on_counting(connection, table)
        migrated(connection, to="head")
        queue_rows.set_restoring(connection, restoring=True)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Let a PostgreSQL sequence go on after the rows that were written with their numbers."""
    if connection.dialect.name != "postgresql" or "id" not in table.c:
        return
    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, "id"))).scalar()
    newest = connection.execute(select(func.max(table.c.id))).scalar() if sequence else None
    if newest is not None:
        connection.execute(select(func.setval(sequence, newest)))
