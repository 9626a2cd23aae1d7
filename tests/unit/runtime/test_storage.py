from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ecert.domain.errors import Malformed, Unavailable
from ecert.runtime.storage import Database, open_database
from tests.databases import url_of
from tests.faults import fill, held, hurry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(url_of(tmp_path / "new" / "e.sqlite"))
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER PRIMARY KEY, y INTEGER REFERENCES t (x))"))
    yield database
    database.close()


def count(db: Database) -> int:
    with db.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM t")).scalar_one())


def insert(db: Database, **row: int) -> None:
    with db.transaction() as connection:
        connection.execute(text("INSERT INTO t VALUES (:x, :y)"), {"y": None} | row)


def insert_many(db: Database, rows: int) -> None:
    with db.transaction() as connection:
        connection.execute(text("INSERT INTO t VALUES (:x, NULL)"), [{"x": 10 + x} for x in range(rows)])


def test_a_block_is_written_whole_or_not_at_all(db: Database) -> None:
    insert(db, x=1)

    def half() -> None:
        with db.transaction() as connection:
            connection.execute(text("INSERT INTO t VALUES (2, NULL)"))
            connection.execute(text("CREATE TABLE u (x INTEGER)"))
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert count(db) == 1
    assert inspect(db.engine).get_table_names() == ["t"]


def test_integrity_is_the_stores_to_explain(db: Database) -> None:
    insert(db, x=1)
    with pytest.raises(IntegrityError):
        insert(db, x=1)
    with pytest.raises(IntegrityError):
        insert(db, x=2, y=3)


def test_a_reader_waits_for_no_writer_and_sees_one_snapshot(db: Database) -> None:
    with db.reading() as reader:
        before = reader.execute(text("SELECT count(*) FROM t")).scalar_one()
        insert(db, x=2)
        assert reader.execute(text("SELECT count(*) FROM t")).scalar_one() == before == 0
    with db.transaction() as held:
        held.execute(text("INSERT INTO t VALUES (1, NULL)"))
        assert count(db) == 1


def test_a_locked_database_is_unavailable(db: Database) -> None:
    hurry(db.engine)
    with held(db.engine), pytest.raises(Unavailable, match=r"storage\.unavailable: (SQLITE_BUSY|LockNotAvailable)"):
        insert(db, x=1)
    insert(db, x=1)


def test_a_full_disk_is_unavailable_and_nothing_is_lost(db: Database) -> None:
    insert(db, x=1)

    end = fill(db.engine)
    with pytest.raises(Unavailable, match=r"storage\.unavailable: (SQLITE_FULL|DiskFull)"):
        insert_many(db, 5_000)
    end()
    assert count(db) == 1


def test_a_wrong_statement_is_a_defect_and_no_outage(db: Database) -> None:
    with pytest.raises(DBAPIError, match=r"no such table|does not exist"), db.reading() as connection:
        connection.execute(text("SELECT * FROM missing"))


def test_values_stay_out_of_error_messages(db: Database) -> None:
    insert(db, x=77665544)
    with pytest.raises(IntegrityError) as caught:
        insert(db, x=77665544)
    assert "77665544" not in str(caught.value)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    db = open_database(f"sqlite:///{folder}/e.sqlite")
    with db.transaction() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in folder.iterdir()}
    assert modes == dict.fromkeys(["e.sqlite", "e.sqlite-shm", "e.sqlite-wal"], 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700
    db.close()


def test_durability_is_as_promised(tmp_path: Path) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    db = open_database(f"sqlite:///{tmp_path}/e.sqlite")
    with db.reading() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    db.close()
    assert settings == ["wal", 2, 1, 5000]


def test_a_place_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"storage\.unavailable"):
        open_database(f"sqlite:///{tmp_path}/file/e.sqlite")


def test_a_drained_pool_is_told_and_no_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = open_database(url_of(tmp_path / "e.sqlite"), connections=2)
    monkeypatch.setattr(db.engine.pool, "_timeout", 0.05)
    with db.reading(), db.reading(), pytest.raises(Unavailable, match=r"storage\.drained"), db.reading():
        pass
    with db.reading(), db.reading():
        pass
    db.close()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d"])
def test_other_engines_are_refused(url: str) -> None:
    with pytest.raises(Malformed, match=r"storage\.url") as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_what_was_committed_outlives_the_process(tmp_path: Path) -> None:
    script = (
        "import os, sys; from sqlalchemy import inspect, text; from ecert.runtime.storage import open_database\n"
        "db = open_database(sys.argv[1])\n"
        "with db.transaction() as c:\n"
        "    c.execute(text('CREATE TABLE t (x INTEGER)')); c.execute(text('INSERT INTO t VALUES (1)'))\n"
        "with db.transaction() as c:\n    c.execute(text('INSERT INTO t VALUES (2)')); os._exit(9)\n"
    )
    url = url_of(tmp_path / "e.sqlite")
    ended = subprocess.run([sys.executable, "-c", script, url], check=False, cwd=Path(__file__).parents[3])
    assert ended.returncode == 9
    db = open_database(url)
    assert count(db) == 1
    db.close()
