"""The audit log's tree by its full subtrees is the tree of all its leaves, and does without those that are closed."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ecert.app.migrations import migrate
from ecert.domain.merkle import Tree
from ecert.runtime.storage import open_database
from ledger import audit_tree
from ledger.store.audit import AuditEntry, add_entries
from tests.databases import url_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

REGION = 31
LEAVES = [number.to_bytes(32, "big") for number in range(1_700)]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Connection]:
    with closing(open_database(url_of(tmp_path / "ecert.sqlite"))) as database:
        migrate(database)
        with database.transaction() as connection:
            add_entries(connection, REGION, [AuditEntry(n, "redeem", 0, leaf, b"") for n, leaf in enumerate(LEAVES)])
            yield connection


@pytest.mark.parametrize("closed", [(), (255,), (256, 257), (1_100, 1_536, 1_699)])
def test_roots_and_proofs_are_those_of_the_whole_tree(log: Connection, closed: tuple[int, ...]) -> None:
    for size in closed:
        audit_tree.grow(log, REGION, size=size)
    for size in (1, 2, 255, 256, 257, 512, 1_023, 1_025, 1_536, 1_700):
        whole = Tree(LEAVES[:size])
        assert audit_tree.root(log, REGION, size=size) == whole.root
        for first in {1, size // 3 or 1, size // 2 or 1, size - 1 or 1, size}:
            assert audit_tree.consistency(log, REGION, first=first, second=size) == whole.consistency(first)


def test_what_was_closed_is_not_read_again(log: Connection) -> None:
    audit_tree.grow(log, REGION, size=1_537)
    log.execute(text("DELETE FROM ledger_audit WHERE position < 1536"))
    audit_tree.grow(log, REGION, size=1_700)
    assert audit_tree.root(log, REGION, size=1_700) == Tree(LEAVES).root
    assert audit_tree.consistency(log, REGION, first=1_536, second=1_700) == Tree(LEAVES).consistency(1_536)


def test_another_region_s_log_is_another(log: Connection) -> None:
    audit_tree.grow(log, REGION, size=1_700)
    add_entries(log, 32, [AuditEntry(0, "redeem", 0, LEAVES[7], b"")])
    assert audit_tree.root(log, 32, size=1) == Tree([LEAVES[7]]).root
