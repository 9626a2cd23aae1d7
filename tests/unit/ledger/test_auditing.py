from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from ecert.app.migrations import migrate
from ecert.domain.errors import NotFound, Unavailable, VerificationFailed
from ecert.domain.merkle import root, verify_consistency
from ecert.runtime.storage import Database, open_database
from ecert.runtime.vault import Vault
from ledger.auditing import AuditLog
from tests.databases import url_of
from tests.faults import stored

SECRETS = {"operator": "张窗口", "case": "QP-2026-000117", "kind": "mine", "at": -1}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(url_of(tmp_path / "e.sqlite"))
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def log(database: Database) -> AuditLog:
    return AuditLog(database, Vault(bytes(32)))


def write(log: AuditLog, count: int, region: int = 31) -> list[bytes]:
    leaves = []
    for number in range(count):
        with log.database.transaction() as connection:
            record = {**SECRETS, "number": number}
            leaf = log.record(connection, region=region, kind="redeem", record=record, now=1000 + number)
        assert leaf.position == number
        leaves.append(leaf.leaf)
    return leaves


def test_records_come_back_and_their_leaves_check_out(log: AuditLog) -> None:
    leaves = write(log, 3)
    records = log.read(31)

    assert [r.leaf for r in records] == leaves
    assert [hashlib.sha256(r.salt + r.body).digest() for r in records] == leaves
    assert all(r.is_whole for r in records)
    assert [(r.position, r.kind, r.at, r.record["number"]) for r in records] == [
        (n, "redeem", 1000 + n, n) for n in range(3)
    ]
    assert records[0].record == SECRETS | {"number": 0}


def test_equal_records_have_unlike_leaves_and_salts_of_128_bits(log: AuditLog) -> None:
    for _ in range(2):
        with log.database.transaction() as connection:
            log.record(connection, region=31, kind="redeem", record=SECRETS, now=1)
    one, other = log.read(31)
    assert one.leaf != other.leaf
    assert {len(one.salt), len(other.salt)} == {16}


def test_nothing_of_a_record_stands_in_the_database_in_the_clear(log: AuditLog) -> None:
    write(log, 2)
    everything = stored(log.database.engine)
    assert b"redeem" in everything
    for secret in ("张窗口", "QP-2026-000117", "operator", "mine"):
        assert secret.encode() not in everything
    assert log.read(31)[0].salt not in everything


@pytest.mark.parametrize("column", ["leaf = sealed", "kind = 'issue'", "at = 7"])
def test_an_altered_row_is_noticed(log: AuditLog, column: str) -> None:
    write(log, 2)
    with log.database.transaction() as connection:
        connection.execute(text(f"UPDATE ledger_audit SET {column} WHERE position = 1"))  # noqa: S608 - a test's own
    assert [r.is_whole for r in log.read(31)] == [True, False]


def test_a_row_in_anothers_place_does_not_open(log: AuditLog) -> None:
    write(log, 2)
    with log.database.transaction() as connection:
        connection.execute(text("UPDATE ledger_audit SET position = position + 5"))
    with pytest.raises(Unavailable, match=r"vault\.unreadable"):
        log.read(31)


def test_a_rolled_back_act_leaves_no_gap(log: AuditLog) -> None:
    write(log, 1)
    with suppress(RuntimeError), log.database.transaction() as connection:
        log.record(connection, region=31, kind="redeem", record={}, now=1)
        raise RuntimeError
    with log.database.transaction() as connection:
        assert log.record(connection, region=31, kind="redeem", record={}, now=1).position == 1


def test_regions_have_logs_of_their_own(log: AuditLog) -> None:
    assert write(log, 2) != write(log, 2, region=32)
    assert len(log.read(31)) == len(log.read(32)) == 2


def test_the_log_proves_consistency_between_all_its_sizes(log: AuditLog) -> None:
    leaves = write(log, 9)
    for second in range(1, 10):
        for first in range(1, second + 1):
            path = log.consistency(region=31, first=first, second=second)
            roots = {"first_root": root(leaves[:first]), "second_root": root(leaves[:second])}
            verify_consistency(first=first, second=second, path=path, **roots)
            if first < second:
                with pytest.raises(VerificationFailed):
                    verify_consistency(first=first, second=second, path=path, **roots | {"first_root": bytes(32)})


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 1), (1, 4), (-1, 2), (0, 0)])
def test_there_is_no_proof_for_a_size_that_the_log_never_had(log: AuditLog, first: int, second: int) -> None:
    write(log, 3)
    with pytest.raises(NotFound, match=r"audit\.size"):
        log.consistency(region=31, first=first, second=second)
