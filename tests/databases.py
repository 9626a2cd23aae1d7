"""One way for every test to its database: SQLite beside its files, or one of its own on the PostgreSQL of a run.

A database is named by the SQLite file that it would be, so a house is opened, copied and dropped by its folder on both
engines. `python -m tests.postgres` sets TEST_DATABASE; without it everything is SQLite.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, NullPool, create_engine, make_url, text

__all__ = ["POSTGRES", "copy_home", "drop_under", "environment", "lose", "remove_home", "terminate", "url_of"]

POSTGRES: Final = os.environ.get("TEST_DATABASE", "")
"""The URL of the run's PostgreSQL; empty where the run is on SQLite."""

_PREFIX: Final = "t_"
_made: Final[dict[Path, str]] = {}


def url_of(file: Path, server: str = POSTGRES) -> str:
    """Give the URL of the database in place of a SQLite file; a new one is made where there is none."""
    if not server:
        return f"sqlite:///{file}"
    name = _name(file)
    if name not in _names(server):
        _execute(server, f'CREATE DATABASE "{name}"')
    _made[file.absolute()] = server
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def environment(home: Path) -> dict[str, str]:
    """Give the ECERT_ variables of a house under `home`."""
    return {"ECERT_HOME": str(home), "ECERT_DATABASE": url_of(home / "ecert.sqlite")}


def copy_home(template: Path, home: Path) -> None:
    """Copy a closed house: its files, and its database."""
    shutil.copytree(template, home)
    source = template / "ecert.sqlite"
    if POSTGRES and _name(source) in _names(POSTGRES):
        file = home / "ecert.sqlite"
        _execute(POSTGRES, f'DROP DATABASE IF EXISTS "{_name(file)}" WITH (FORCE)')
        _execute(POSTGRES, f'CREATE DATABASE "{_name(file)}" TEMPLATE "{_name(source)}"')
        _made[file.absolute()] = POSTGRES


def remove_home(home: Path) -> None:
    """Remove a house: its files and its database, where they are."""
    shutil.rmtree(home, ignore_errors=True)
    if POSTGRES:
        _execute(POSTGRES, f'DROP DATABASE IF EXISTS "{_name(home / "ecert.sqlite")}" WITH (FORCE)')


def lose(file: Path) -> None:
    """Lose a database, as a broken disk would: what comes to its place finds nothing."""
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()
    if POSTGRES:
        _execute(POSTGRES, f'DROP DATABASE IF EXISTS "{_name(file)}" WITH (FORCE)')
        url_of(file)


def drop_under(folder: Path) -> None:
    """Drop the databases of a folder, whoever is still connected."""
    for file in [each for each in _made if each.is_relative_to(folder.absolute())]:
        _execute(_made.pop(file), f'DROP DATABASE IF EXISTS "{_name(file)}" WITH (FORCE)')


def terminate(url: str, *, where: str = "true") -> int:
    """End the sessions of a PostgreSQL database that fit a condition over pg_stat_activity; return how many."""
    ours = f"datname = '{make_url(url).database}' AND pid <> pg_backend_pid() AND {where}"
    with _engine(url).connect() as connection:
        query = text(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {ours}")  # noqa: S608 - the tests' own words
        return int(connection.execute(query).scalar_one())


def _name(file: Path) -> str:
    return _PREFIX + sha256(str(file.absolute()).encode()).hexdigest()[:24]


def _names(server: str) -> set[str]:
    with _engine(server).connect() as connection:
        return set(connection.execute(text("SELECT datname FROM pg_database")).scalars())


def _execute(server: str, statement: str) -> None:
    with _engine(server).connect() as connection:
        connection.execute(text(statement))


@cache
def _engine(server: str) -> Engine:
    # No pool: a connection kept in a process that forks would be both processes'.
    return create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
