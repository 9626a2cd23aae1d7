"""A validator is down when its last thread is: until then it holds its ports."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from ecert.app.network.processes import _begun

LEADERLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]


def test_a_process_whose_first_thread_ended_is_not_dead_yet() -> None:
    process = subprocess.Popen([sys.executable, "-c", LEADERLESS])
    try:
        begun = _begun(process.pid)
        while state(process.pid) != "Z":
            time.sleep(0.01)
        assert begun
        assert _begun(process.pid) == begun
        process.kill()
        while _begun(process.pid):
            time.sleep(0.01)
        assert state(process.pid) == "Z"
    finally:
        process.kill()
        process.wait()
    assert _begun(process.pid) == ""
