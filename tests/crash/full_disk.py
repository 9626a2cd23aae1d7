"""A disk that is full, on a small tmpfs: clear errors, nothing lost, and the work goes on once there is room.

Run by `make crash` as root, which alone may mount; not collected with the other tests.
"""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Unavailable
from tests.crash.asking import ask_everything, codes, issue, redeem, stock
from tests.crash.standing import Standing, faults
from tests.world import copied, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount(folder, "size=12m")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mount(folder: Path, options: str) -> None:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.fail(f"this test mounts a small tmpfs and must be run as root: {done.stderr.strip()}")


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no byte free."""
    filler = folder / "filler"
    file = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
    yield
    filler.unlink()


def test_a_full_disk_is_told_and_nothing_is_lost(template: Path, small: Path, tmp_path: Path) -> None:
    with copied(template, small / "home") as world:
        card, code, container = stock(world)
        stop = threading.Event()
        rounds = threading.Thread(target=world.house.rounds.forever, args=(stop,))
        rounds.start()

        with full(small):
            answers = ask_everything(world, card, code, container)
            world.time.advance(world.house.floor.settings.heartbeat)  # the chain, too, wants to write
            stop.wait(1)

        assert codes(answers) == {
            "issue": (503, "storage.unavailable"),
            "suspend": (503, "storage.unavailable"),
            "redeem": (200, "cannot_decide home.unreachable"),
            "verify": (200, "accept"),
        }
        assert rounds.is_alive()
        stop.set()
        rounds.join()
        assert issue(world, "new-card").status_code == 201
        code = world.mint(card.holder)["text"]
        world.settle()
        assert redeem(world, card, code, "later").json()["verdict"] == "accept"
        world.settle()
        assert list(faults(Standing.of(world.house), tmp_path / "anew")) == []


def test_a_house_does_not_open_on_a_full_disk_and_opens_when_there_is_room(template: Path, small: Path) -> None:
    with copied(template, small / "home") as world:
        card = world.issue(1)
        world.settle()

    with full(small), pytest.raises(Unavailable, match=r"ledger\.unavailable"), opened(small / "home"):
        pass

    with opened(small / "home") as world:
        world.settle()
        assert world.verify(card)["verdict"] == "accept"


def test_a_replica_that_finds_no_room_is_told_and_followed_when_there_is(template: Path, tmp_path: Path) -> None:
    narrow = tmp_path / "narrow"
    narrow.mkdir()
    mount(narrow, "size=64k")
    try:
        with copied(template, tmp_path / "home", ECERT_REPLICA=str(narrow)) as world:
            with pytest.raises(Unavailable, match=r"replica\.unwritable"):
                world.house.rounds.once()
            mount(narrow, "remount,size=8m")
            world.settle()
            card = world.issue(1)
            world.settle()
            assert world.verify(card)["verdict"] == "accept"
    finally:
        subprocess.run(["umount", "--lazy", str(narrow)], check=True)
