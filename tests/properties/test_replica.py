"""A status list's history against a ten-line model, through commits, crashes, roll-backs and refreshes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ecert.domain import status as bits
from ecert.domain.status import MOVES, Status
from ledger.replica import ReplicaWriter
from ledger.replica.layout import SLOT
from tests.unit.ledger.blocks import START, block, changed, created, open_writer, opened, write

SIZE = 1024
INDICES = st.sets(st.integers(0, 5) | st.just(SIZE - 1), min_size=1, max_size=4)


class History(RuleBasedStateMachine):
    """The model is the list of changes: (status, indices, effective at, known at)."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.writer = open_writer(self.folder)
        write(self.writer, block(1, created(1, SIZE)))
        self.replica = opened(self.folder)
        self.number = 1
        self.told: list[tuple[int, set[int], int, int]] = []

    def then(self, index: int, *, at: int, known_at: int) -> int:
        found = [
            s for s, named, effective, known in self.told if index in named and effective <= at and known <= known_at
        ]
        return found[-1] if found else 0

    @rule(status=st.sampled_from(Status), indices=INDICES, ago=st.integers(0, 4), crash=st.booleans())
    def change(self, status: Status, indices: set[int], ago: int, crash: bool) -> None:  # noqa: FBT001 - drawn
        now = START + self.number + 1
        moving = {i for i in indices if (Status(self.then(i, at=now, known_at=now)), status) in MOVES}
        if not moving:
            return
        self.number += 1
        event = changed(status, *sorted(moving), at=now - ago)
        if crash:
            headers = (self.folder / "replica.bin").read_bytes()[: 2 * SLOT]
            write(self.writer, block(self.number, event))
            self.reopen(headers)
        self.writer.add(block(self.number, event))
        self.writer.commit()
        self.told.append((status, moving, now - ago, now))

    @rule(indices=INDICES)
    def change_and_roll_back(self, indices: set[int]) -> None:
        self.writer.add(block(self.number + 1, changed(1, *sorted(indices))))
        self.writer.roll_back()

    @rule()
    def reopen(self, headers: bytes = b"") -> None:
        self.writer.close()
        with (self.folder / "replica.bin").open("r+b") as file:
            file.write(headers)
        self.writer = open_writer(self.folder)

    @precondition(lambda self: self.number % 2)
    @rule()
    def map_anew(self) -> None:
        self.replica = opened(self.folder)

    @invariant()
    def every_question_is_answered_as_the_model_answers(self) -> None:
        self.replica.refresh()
        bitmap = self.replica.bitmap(region=31, number=1)
        assert bitmap is not None
        last = START + self.number
        for index in (0, 1, 5, SIZE - 1):
            now = self.replica.status(region=31, number=1, index=index)
            assert now == bits.get(bitmap, index) == self.then(index, at=last, known_at=last)
            for at in range(last - 5, last + 1):
                for known_at in (last - 3, last - 1, last):
                    answer = self.replica.status(region=31, number=1, index=index, at=at, known_at=known_at)
                    assert answer == self.then(index, at=at, known_at=known_at)

    def teardown(self) -> None:
        self.writer.close()
        shutil.rmtree(self.folder)


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)

__all__ = ["ReplicaWriter", "TestHistory"]
