from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table, inspect, text

from ecert.app.migrations import migrate, tables, versions
from ecert.domain.errors import Unavailable
from ecert.runtime.storage import Database, open_database
from ledger.store import queue as queue_rows
from tests.databases import url_of
from tests.faults import held, hurry

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

NUMBERS = (1, 2, 3)
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
def test_every_released_state_comes_up_to_the_newest_with_every_row_of_every_table(
    tmp_path: Path, released: str
) -> None:
    db = open_database(url_of(tmp_path / "e.sqlite"))
    migrate(db, to=released)
    with db.transaction() as connection:
        old = MetaData()
        old.reflect(connection)
        for table in filled(old):
            for number in NUMBERS:
                connection.execute(table.insert().values(row(table, number)))
        before = {table.name: rows(connection, table) for table in filled(old)}
        assert {name: len(found) for name, found in before.items()} == dict.fromkeys(before, len(NUMBERS))

    migrate(db)

    with db.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables()) == []
        assert {table.name: rows(connection, table) for table in filled(old)} == before
        for number in NUMBERS:
            account = value(old.tables["ledger_transaction"].c.account, number)
            assert queue_rows.take_nonce(connection, account, first=lambda: 0) == number + (
                "ledger_account" not in before
            )
        sent = {"account": b"a" * 20, "nonce": 3, "hash": b"next"}
        assert connection.execute(_SENT, sent).scalar_one() == len(NUMBERS) + 1
    db.close()


def filled(state: MetaData) -> list[Table]:
    """Give the tables of a state, what is pointed at before what points; the history's own holds the version alone."""
    return [table for table in state.sorted_tables if table.name != "alembic_version"]


def row(table: Table, number: int) -> dict[str, object]:
    """Make a row in which everything has a value of its own, but for the last: there all is empty that may be."""
    empty = {column.name for column in table.c if column.nullable and number == NUMBERS[-1]}
    made = {column.name: None if column.name in empty else value(column, number) for column in table.c}
    if table.autoincrement_column is not None:
        del made[table.autoincrement_column.name]  # counted by the database, which has to go on with the next number
    return made


def value(column: Column[Any], number: int) -> Any:  # noqa: ANN401 - of the column's type
    """Make a value by its type and number alone, so that whoever points finds the row of its number."""
    match column.type:
        case Boolean():
            return number % 2 == 0
        case Integer():
            return number
        case LargeBinary():
            return bytes([number]) * 32
        case String(length=length):
            return str(number) * (length or 40)
    raise AssertionError(f"{column} is of a type that no table had")


def rows(connection: Connection, table: Table) -> list[tuple[object, ...]]:
    return [tuple(each) for each in connection.execute(table.select().order_by(*table.primary_key))]
