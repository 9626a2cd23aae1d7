"""What `ecert regions` started ends with it, however it is told to end and however often."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

STANDING = """
import signal, time
from ecert.app.regions.command import _ended_gently
signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    with _ended_gently():
        try:
            print("up", flush=True)
            time.sleep(600)
        finally:
            print("ending", flush=True)
            time.sleep(1)
            print("ended", flush=True)
except KeyboardInterrupt:
    print("told", flush=True)
"""


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_an_ending_is_done_whole(told: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", STANDING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(told)
        assert process.stdout.readline() == "ending\n"
        process.send_signal(told)
        assert process.stdout.read() == "ended\ntold\n"
    assert process.returncode == 0
