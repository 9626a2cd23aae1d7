"""Makes targets side by side: `python -m tests.lanes [--lanes 2] test-sqlite 'forge FOUNDRY_PROFILE=short' ...`.

What a part says comes in one piece when it has ended, with its time. The first that fails ends the others.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Final

__all__ = ["main"]

_GRACE: Final = 60
"""Seconds in which an interrupted part stops its servers and validators."""
_LOOK: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    began: float


def main(names: Sequence[str], *, lanes: int) -> int:
    """Make every target, in their order; 1 if one fails."""
    waiting, running, outcomes = deque(names), list[_Part](), list[str]()
    all_well = True
    try:
        while all_well and (waiting or running):
            while waiting and len(running) < lanes:
                running.append(_begin(waiting.popleft()))
            part = _ended(running)
            running.remove(part)
            outcome, all_well = _outcome(part), part.process.returncode == 0
            if not all_well:
                outcomes += _end(running)  # before it tells, so that the fault stands last
            outcomes.append(_tell(part, outcome))
    finally:
        outcomes += _end(running)
        _say("", *outcomes)
    return 0 if all_well else 1


def _begin(name: str) -> _Part:
    """Start a target in a process group of its own, which can be ended whole."""
    _say(f"== {name}: begins")
    said = TemporaryFile()  # noqa: SIM115 - closed when it is told
    command = ["make", "--no-print-directory", *name.split()]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, process_group=0
    )
    return _Part(name, process, said, time.monotonic())


def _ended(running: Sequence[_Part]) -> _Part:
    while True:
        for part in running:
            if part.process.poll() is not None:
                return part
        time.sleep(_LOOK)


def _outcome(part: _Part) -> str:
    how = f"FAILED ({part.process.returncode})" if part.process.returncode else "done"
    return f"{how} after {time.monotonic() - part.began:.0f} s"


def _tell(part: _Part, outcome: str) -> str:
    """Say what the part said, and how it ended; return the latter."""
    _say("", f"== {part.name} said")
    part.said.seek(0)
    sys.stdout.write(part.said.read().decode("utf-8", "replace"))
    part.said.close()
    told = f"== {part.name}: {outcome}"
    _say(told)
    return told


def _end(running: list[_Part]) -> list[str]:
    """End what still runs, and let it tell how far it came."""
    outcomes = []
    while running:
        part = running.pop()
        _interrupt(part)
        outcomes.append(_tell(part, "ended before it was done"))
    return outcomes


def _interrupt(part: _Part) -> None:
    os.killpg(part.process.pid, signal.SIGINT)
    try:
        part.process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(part.process.pid, signal.SIGKILL)
        part.process.wait()


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell's background job was born deaf to the second
        signal.signal(number, _stop)
    parser = argparse.ArgumentParser(prog="python -m tests.lanes", description=__doc__)
    parser.add_argument("--lanes", type=int, default=2, metavar="N", help="how many at a time")
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="with its variables, in one word")
    told = parser.parse_args()
    sys.exit(main(told.targets, lanes=told.lanes))
