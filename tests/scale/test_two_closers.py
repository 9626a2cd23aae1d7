"""Several processes close batches of one outbox: each leaf has one place, and the batches are one unbroken chain."""

from __future__ import annotations

import subprocess
import sys
import threading
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ecert.domain.merkle import Tree
from ledger.anchoring import batch_hash
from ledger.store import batches as batch_rows
from ledger.store import queue as queue_rows
from tests.scale.closing import DIRECTORY, NOW, SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from ecert.runtime.storage import Database

pytestmark = pytest.mark.system
REGION, MANY = 31, 420


def leaves(count: int, *, start: int = 0) -> list[bytes]:
    return [sha256(n.to_bytes(4, "big")).digest() for n in range(start, start + count)]


def enqueue(db: Database, fingerprints: list[bytes]) -> None:
    with db.transaction() as connection:
        batch_rows.add_leaves(connection, REGION, fingerprints, NOW)


def test_two_processes_close_every_leaf_once_in_one_chain_of_batches(db: Database, url: str, tmp_path: Path) -> None:
    enqueue(db, leaves(MANY // 2))
    closers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.scale.closing", url, str(tmp_path / name), str(REGION), str(MANY)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for start in range(MANY // 2, MANY, SIZE):
        enqueue(db, leaves(SIZE, start=start))
    told = [closer.communicate(timeout=180)[0] for closer in closers]
    assert [closer.returncode for closer in closers] == [0, 0], told

    with db.reading() as connection:
        found = connection.execute(text("SELECT * FROM ledger_batch ORDER BY number")).all()
        batches = [batch_rows.batch(connection, row.id) for row in found]
        held = [batch_rows.leaves_of(connection, closed.id) for closed in batches]
        nonces = list(connection.execute(text("SELECT nonce FROM ledger_transaction ORDER BY nonce")).scalars())
    assert sorted(leaf for each in held for leaf in each) == sorted(leaves(MANY))
    assert [closed.batch.number for closed in batches] == list(range(1, len(batches) + 1))
    assert all(second.batch.previous == batch_hash(first.batch) for first, second in pairwise(batches))
    assert [closed.batch.root for closed in batches] == [Tree(each).root for each in held]
    assert nonces == list(range(len(batches)))
    assert sum(map(int, told)) == len(batches)
    assert min(map(int, told)) > 0, "one process did it all, so nothing was proved"


def test_who_comes_second_takes_what_the_first_has_not(db: Database) -> None:
    enqueue(db, leaves(5))
    with db.transaction() as one, db.transaction() as two:
        first, second = batch_rows.take_leaves(one, REGION, most=3), batch_rows.take_leaves(two, REGION, most=3)
        none = batch_rows.take_leaves(two, REGION, most=0)
    assert [leaf.fingerprint for leaf in (*first, *second)] == leaves(5)
    assert none == []


def test_who_holds_a_regions_numbers_is_waited_for(db: Database) -> None:
    taken: list[int] = []

    def second() -> None:
        with db.transaction() as connection:
            taken.append(queue_rows.take_nonce(connection, DIRECTORY.anchor, first=lambda: 0))

    other = threading.Thread(target=second)
    with db.transaction() as connection:
        taken.append(queue_rows.take_nonce(connection, DIRECTORY.anchor, first=lambda: 0))
        other.start()
        other.join(0.3)
        assert taken == [0]
    other.join(10)
    assert taken == [0, 1]
