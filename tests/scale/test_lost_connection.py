"""A connection that breaks in a transaction: told by name, nothing half written, and the next request works."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from ecert.app.demo.founding import bootstrap
from ecert.domain.errors import Unavailable
from ecert.runtime.storage import open_database
from tests.databases import terminate, url_of
from tests.world import World, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.runtime.storage import Database

pytestmark = pytest.mark.system
TABLES = ("issuer_certificate", "issuer_holder", "ledger_leaf", "ledger_audit", "issuer_idempotency")


def count(db: Database, table: str) -> int:
    with db.reading() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - a test's own


def note(db: Database, *, broken: str | None = None) -> None:
    with db.transaction() as connection:
        connection.execute(text("INSERT INTO ledger_audit_head VALUES (31, 1)"))
        if broken:
            assert terminate(broken) >= 1
        connection.execute(text("UPDATE ledger_audit_head SET size = 2"))


def test_a_lost_connection_is_named_and_nothing_is_written(db: Database, url: str) -> None:
    with pytest.raises(Unavailable, match=r"storage\.lost"):
        note(db, broken=url)
    assert count(db, "ledger_audit_head") == 0
    note(db)
    assert count(db, "ledger_audit_head") == 1


def test_a_connection_lost_before_commit_is_named(db: Database, url: str) -> None:
    def half() -> None:
        with db.transaction() as connection:
            connection.execute(text("INSERT INTO ledger_audit_head VALUES (31, 1)"))
            terminate(url)

    with pytest.raises(Unavailable, match=r"storage\.lost"):
        half()
    assert count(db, "ledger_audit_head") == 0


def test_connections_that_died_while_nobody_used_them_are_not_noticed(db: Database, url: str) -> None:
    note(db)
    assert terminate(url) >= 1
    assert count(db, "ledger_audit_head") == 1


def test_a_server_that_is_away_is_unavailable() -> None:
    db = open_database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable, match=r"storage\.unavailable"), db.reading():
        pass
    db.close()


@pytest.fixture
def world(server: str, tmp_path: Path) -> Iterator[World]:
    home = tmp_path / "home"
    url = url_of(home / "other.sqlite", server)
    with opened(home, ECERT_DATABASE=url, ECERT_DATABASE_CONNECTIONS="2") as made:
        bootstrap(made.house)
        yield made


@contextmanager
def broken_before(world: World, write: str) -> Iterator[None]:
    """End the session that is about to write to a table, once."""
    engine, done = world.house.floor.database.engine, []

    def strike(connection: Any, _cursor: object, statement: str, *_: object) -> None:  # noqa: ANN401 - SQLAlchemy's
        if statement.startswith(write) and not done:
            done.append(statement)
            pid = connection.connection.driver_connection.info.backend_pid
            terminate(engine.url.render_as_string(hide_password=False), where=f"pid = {pid}")

    event.listen(engine, "before_cursor_execute", strike)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", strike)
    assert done


def test_at_the_doors_the_same_request_then_works(world: World) -> None:
    db = world.house.floor.database
    before = {table: count(db, table) for table in TABLES}

    def ask() -> Any:  # noqa: ANN401 - httpx's answer
        return world.ask("POST", "/api/v1/certificates", key=world.issuer(1, 32), once="same", json=world.face(1))

    with broken_before(world, "INSERT INTO ledger_leaf"):
        answer = ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.lost")
    assert "retry-after" in answer.headers
    assert {table: count(db, table) for table in TABLES} == before

    first, again = ask(), ask()
    assert (first.status_code, again.json()["licence_id"]) == (201, first.json()["licence_id"])
    assert count(db, "issuer_certificate") == before["issuer_certificate"] + 1


def test_at_the_doors_a_drained_pool_is_told(world: World) -> None:
    db = world.house.floor.database
    key, body = world.issuer(1, 32), world.face(1)
    with db.reading(), db.reading():
        answer = world.ask("POST", "/api/v1/certificates", key=key, once="same", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.drained")
    assert world.ask("POST", "/api/v1/certificates", key=key, once="same", json=body).status_code == 201
