"""Processes that are there to die: each is a fork, and its parent sees how it ended."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ecert.domain.errors import EcertError
from ecert.runtime.logs import install_logs

__all__ = ["ask_in_a_process", "fork", "in_a_process", "say"]

PATIENCE = 600.0


def in_a_process(act: Callable[[], object]) -> int:
    """Do it in a process of its own; return how that ended: 0, its status, or minus the signal."""
    child = fork(act)
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ask_in_a_process(home: Path, judge: Callable[[Path], list[str]]) -> list[str]:
    """Let a process of its own say what is wrong with a home."""
    told = home / "verdict.json"
    ended = in_a_process(lambda: told.write_text(json.dumps(judge(home))))
    return json.loads(told.read_text()) if ended == 0 else [f"the judge ended with {ended}"]


def fork(act: Callable[[], object]) -> int:
    """Fork: everything is imported already, nothing is open and no thread runs, so each child is a new process."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        install_logs("error")
        act()
        status = 0
    except EcertError as fault:
        say(f"     {fault}")
    except BaseException:  # noqa: BLE001 — the child ends here, and its parent sees how
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(status)
    return 0


def say(*lines: str) -> None:
    """Tell whoever watches the run."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
