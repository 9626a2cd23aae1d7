"""A database that somebody else holds locked: clear errors, nothing lost, and the work goes on by itself."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Unavailable
from tests.crash.asking import ask_everything, codes, issue, redeem, stock
from tests.crash.standing import Standing, faults
from tests.faults import held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world import World


@contextmanager
def held_file(path: Path) -> Iterator[None]:
    """Hold a file's one write lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_locked_database_is_told_and_nothing_is_lost(world: World, tmp_path: Path) -> None:
    card, code, container = stock(world)
    assert issue(world, "waiting").status_code == 201  # its batch is due while nothing can be written

    with held(world.house.floor.database.engine):
        answers = ask_everything(world, card, code, container)
        with pytest.raises(Unavailable, match=r"storage\.unavailable"):
            world.house.rounds.once()

    assert codes(answers) == {
        "issue": (503, "storage.unavailable"),
        "suspend": (503, "storage.unavailable"),
        "redeem": (200, "cannot_decide home.unreachable"),
        "verify": (200, "accept"),
    }
    assert "retry-after" in answers["issue"].headers
    assert issue(world, "new-card").status_code == 201
    assert redeem(world, card, code, "window").json()["verdict"] == "accept"
    world.settle()
    assert list(faults(Standing.of(world.house), tmp_path / "anew")) == []


def test_a_locked_chain_keeps_certificates_waiting_and_no_caller(world: World, tmp_path: Path) -> None:
    with held_file(tmp_path / "home" / "chain.sqlite"):
        card = world.issue(1)
        before = world.house.floor.ledger.head()
        assert world.house.rounds.once() > 0
        threading.Event().wait(6)  # longer than the chain waits for its own file
        assert world.house.floor.ledger.head() == before

    world.settle()
    assert world.verify(card)["verdict"] == "accept"
    assert list(faults(Standing.of(world.house), tmp_path / "anew")) == []
