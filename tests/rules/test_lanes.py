"""What CI runs side by side: whatever fails fails the whole, what it said is not lost, and nothing is left running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.rules import tree

PATIENCE = 60
TARGETS = """
good:
\t@echo good is $(WORD)
bad:
\t@until test -f pid; do sleep 0.1; done; echo why; exit 3
late:
\t@touch late
long:
\t@trap 'touch tidied; exit 1' INT; echo so far; echo $$$$ > pid; while :; do sleep 0.1; done
"""


def lanes(folder: Path, *parts: str) -> subprocess.Popen[str]:
    (folder / "Makefile").write_text(TARGETS, "utf-8")
    command = [sys.executable, "-m", "tests.lanes", *parts]
    environment = {**os.environ, "PYTHONPATH": str(tree.ROOT)}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def test_what_is_done_says_so_with_its_time(tmp_path: Path) -> None:
    said, _ = (run := lanes(tmp_path, "good WORD=well", "late")).communicate(timeout=PATIENCE)

    assert run.returncode == 0
    assert re.search(r"good is well\n== good WORD=well: done after \d+ s\n", said)
    assert (tmp_path / "late").exists()


def test_no_more_run_at_a_time_than_there_are_lanes(tmp_path: Path) -> None:
    told = {
        number: lanes(tmp_path, "--lanes", number, "late", "good").communicate(timeout=PATIENCE)[0] for number in "12"
    }

    assert told["1"].index("== late: done") < told["1"].index("== good: begins")
    assert told["2"].index("== good: begins") < told["2"].index("== late: done")


def test_the_first_that_fails_is_named_and_ends_the_others(tmp_path: Path) -> None:
    said, _ = (run := lanes(tmp_path, "long", "bad", "late")).communicate(timeout=PATIENCE)

    assert run.returncode == 1
    assert said.index("== long said\nso far\n") < said.index("== bad said\nwhy\n")
    assert "== bad: FAILED (2) after " in said
    assert "== long: ended before it was done" in said
    assert (tmp_path / "tidied").exists()
    assert not (tmp_path / "late").exists()


def test_who_is_told_to_stop_leaves_nothing_running(tmp_path: Path) -> None:
    run = lanes(tmp_path, "long")
    until = time.monotonic() + PATIENCE
    while not (tmp_path / "pid").exists() and time.monotonic() < until:
        time.sleep(0.05)
    run.send_signal(signal.SIGTERM)
    said, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == 128 + signal.SIGTERM
    assert "== long: ended before it was done" in said
    assert (tmp_path / "tidied").exists()
