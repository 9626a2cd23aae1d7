from __future__ import annotations

import time

from ecert.runtime.clock import WallClock


def test_the_wall_clock_is_the_machines() -> None:
    before = time.time()
    assert before <= WallClock().now() <= time.time()
