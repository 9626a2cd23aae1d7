"""One history of the database for both engines, and the one way to its newest state.

migrate(db)                       # at start
python -m ecert.app.migrations "add a column"     # after a change of a tables.py
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from ecert.domain.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from ecert.runtime.storage import Database

__all__ = ["migrate", "migrated", "revise", "tables", "versions"]

_PLACE: Final = Path(__file__).parent
_ROOMS: Final = (
    "ecert.runtime.access",
    "ecert.runtime.signed",
    "ledger",
    "issuer",
    "wallet_codes",
    "verifier.callbacks",
)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(3132333400)")


def migrate(db: Database, *, to: str = "head") -> None:
    """Bring the database to the newest state in one transaction; processes that start together take turns.

    `to` names an older version instead. Raises Unavailable("storage.unavailable"); the database is then as it was.
    """
    try:
        with db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_LOCK)
            migrated(connection, to=to)
    except OperationalError as error:
        raise Unavailable("storage.unavailable", type(error.orig).__name__) from error


def migrated(connection: Connection, *, to: str) -> None:
    """Bring the database up to a version, inside the caller's transaction."""
    command.upgrade(_config(connection), to)


def revise(db: Database, message: str) -> None:
    """Write the next version, `versions/NNNN_<message>.py`: what the tables have and the history has not."""
    number = len(list((_PLACE / "versions").glob("[0-9]*.py"))) + 1
    migrate(db)
    with db.engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04d}")


def versions() -> tuple[str, ...]:
    """Name every version of the history, oldest first."""
    newest_first = ScriptDirectory.from_config(_history()).walk_revisions()
    return tuple(reversed([each.revision for each in newest_first]))


def tables() -> MetaData:
    """Return the tables of every room that has some."""
    for room in _ROOMS:
        if find_spec(f"{room}.tables"):
            import_module(f"{room}.tables")
    return SQLModel.metadata


def _config(connection: Connection) -> Config:
    config = _history()
    config.attributes["connection"] = connection
    return config


def _history() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_PLACE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
