from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from ecert.app.migrations import migrate, tables, versions
from ecert.domain.errors import Unavailable
from ecert.runtime.storage import Database, open_database
from ledger.store import queue as queue_rows
from tests.databases import url_of
from tests.faults import held, hurry

if TYPE_CHECKING:
    from pathlib import Path


_SENT = text(
    "INSERT INTO ledger_transaction (account, nonce, hash, raw, purpose, queued_at)"
    " VALUES (:account, :nonce, :hash, '', 'anchor', 1) RETURNING id"
)


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
    db = open_database(url_of(tmp_path / "e.sqlite"))
    migrate(db, to="0001")
    hurry(db.engine)
    with held(db.engine), pytest.raises(Unavailable, match=r"storage\.unavailable"):
        migrate(db)
    assert "ledger_account" not in inspect(db.engine).get_table_names()
    migrate(db)
    db.close()


@pytest.mark.parametrize("released", versions())
def test_every_released_state_comes_up_to_the_newest_with_its_rows(tmp_path: Path, released: str) -> None:
    db = open_database(url_of(tmp_path / "e.sqlite"))
    migrate(db, to=released)
    with db.transaction() as connection:
        for nonce in range(3):
            connection.execute(_SENT, {"account": b"a" * 20, "nonce": nonce, "hash": bytes([nonce])})
        if inspect(connection).has_table("ledger_account"):
            connection.execute(text("INSERT INTO ledger_account VALUES (:a, 3)"), {"a": b"a" * 20})

    migrate(db)

    with db.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables()) == []
        assert queue_rows.take_nonce(connection, b"a" * 20, first=lambda: 0) == 3
        number = connection.execute(_SENT, {"account": b"a" * 20, "nonce": 3, "hash": b"next"}).scalar_one()
        assert number == 4
    db.close()
