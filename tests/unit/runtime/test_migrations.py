from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from ecert.app.migrations import migrate, tables
from ecert.domain.errors import Unavailable
from ecert.runtime.storage import Database, open_database
from tests.databases import url_of

if TYPE_CHECKING:
    from pathlib import Path


def test_the_newest_state_is_exactly_what_the_tables_say(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables()) == []


def test_migrating_again_changes_nothing(db: Database) -> None:
    before = inspect(db.engine).get_table_names()
    migrate(db)
    assert inspect(db.engine).get_table_names() == before
    assert "access_key" in before


def test_a_locked_database_is_unavailable_and_stays_as_it_was(tmp_path: Path) -> None:
    url = url_of(tmp_path / "e.sqlite")
    held, hurried = open_database(url), open_database(url)
    with hurried.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    with held.transaction() as connection:
        connection.execute(text("CREATE TABLE mine (x INTEGER)"))
        with pytest.raises(Unavailable, match=r"storage\.unavailable"):
            migrate(hurried)
    assert inspect(held.engine).get_table_names() == ["mine"]
    held.close()
    hurried.close()
