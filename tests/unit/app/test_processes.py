"""A validator is down when its last thread is: until then it holds its ports."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ecert.app.network.processes import _begun

if TYPE_CHECKING:
    from collections.abc import Callable

LEADERLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]


def await_that(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_process_whose_first_thread_ended_is_not_dead_yet() -> None:
    process = subprocess.Popen([sys.executable, "-c", LEADERLESS])
    try:
        begun = _begun(process.pid)
        await_that(lambda: state(process.pid) == "Z")
        assert begun
        assert _begun(process.pid) == begun
        process.kill()
        await_that(lambda: not _begun(process.pid))
        assert state(process.pid) == "Z"
    finally:
        process.kill()
        process.wait()
    assert _begun(process.pid) == ""
