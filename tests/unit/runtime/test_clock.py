from __future__ import annotations

import time

from ecert.runtime.clock import ShiftedClock, WallClock


def test_the_wall_clock_is_the_machines() -> None:
    before = time.time()
    assert before <= WallClock().now() <= time.time()


def test_a_shifted_clock_moves_with_the_one_under_it() -> None:
    class Told:
        def now(self) -> float:
            return 1000.5

    assert ShiftedClock(ShiftedClock(Told(), 60), -30).now() == 1030.5
