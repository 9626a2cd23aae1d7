"""The floor of a running house: database, keys, vault and chain, opened once, refused if they do not fit together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ecert.app.migrations import migrate
from ecert.domain.errors import Conflict, Malformed, Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.keys import Keys, open_keys
from ecert.runtime.settings import Settings
from ecert.runtime.storage import Database, open_database
from ecert.runtime.vault import Vault
from ledger.port import Account, Ledger
from ledger.sending import Sending
from ledger.store import queue as queue_rows

__all__ = ["Drivers", "Floor", "open_floor"]

Drivers = Mapping[str, Callable[[str, Settings, Clock], Ledger]]


@dataclass(frozen=True, slots=True)
class Floor:
    """What every room stands on; `consortium` is None until the chain is founded."""

    settings: Settings
    clock: Clock
    database: Database
    keys: Keys
    vault: Vault
    ledger: Ledger
    sending: Sending
    resuming: bool = False

    @property
    def regions(self) -> tuple[int, ...]:
        """The regions that this deployment serves."""
        return tuple(int(region) for region in self.settings.regions)

    def now(self) -> int:
        """Whole Unix seconds."""
        return int(self.clock.now())

    def consortium(self) -> bytes | None:
        """Return the Consortium's address that this database is bound to.

        Conflict("ledger.other_chain"), Conflict("backup.unfinished") while a restore has yet to end.
        """
        with self.database.reading() as connection:
            bound, is_restoring = queue_rows.chain(connection), queue_rows.is_restoring(connection)
        if bound is None:
            return None
        if is_restoring and not self.resuming:
            raise Conflict("backup.unfinished")
        identity, consortium = bound
        if identity != self.ledger.identity():
            raise Conflict("ledger.other_chain", "the database belongs to another chain than the one opened")
        return consortium

    def bind(self, consortium: bytes) -> None:
        """Note once and for all which Consortium this database belongs to."""
        with self.database.transaction() as connection:
            if queue_rows.chain(connection) is None:
                queue_rows.bind_chain(connection, self.ledger.identity(), consortium)

    def close(self) -> None:
        """Let go of chain and database."""
        self.ledger.close()
        self.database.close()


def open_floor(
    settings: Settings,
    clock: Clock,
    *,
    drivers: Drivers,
    account: Callable[[bytes], Account],
    resuming: bool = False,
) -> Floor:
    """Open everything; Unavailable("ledger.locked") where another process owns the chain.

    `resuming` opens a database that a backup was loaded into, too.
    """
    scheme, _, rest = settings.ledger.partition(":")
    if scheme not in drivers:
        raise Malformed("settings.value", f"ECERT_LEDGER: no driver for {scheme}:")
    _make_home(settings.home)
    with ExitStack() as undo:
        ledger = drivers[scheme](rest, settings, clock)
        undo.callback(ledger.close)
        database = open_database(settings.database, connections=settings.database_connections)
        undo.callback(database.close)
        migrate(database)
        keys = open_keys(settings.signer)
        vault = Vault(keys.secret("vault"))
        sending = Sending(database, ledger, lambda name: account(keys.secret(f"chain-{name}")))
        floor = Floor(settings, clock, database, keys, vault, ledger, sending, resuming)
        floor.consortium()
        undo.pop_all()
    return floor


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise Unavailable("storage.unavailable", f"ECERT_HOME: {fault.strerror}") from fault
