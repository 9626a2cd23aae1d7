"""One whole demonstration, run twice on one home by the real command, for every test that looks at what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.databases import environment

__all__ = ["Demonstration", "Run", "demonstration", "run_demonstration"]

ROOT = Path(__file__).parents[1]
_COMMAND = "from ecert.app.cli import main; raise SystemExit(main())"


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of `ecert demo` ended."""

    code: int
    out: str
    err: str
    ended: float

    @property
    def result(self) -> dict[str, Any]:
        """What `--json` printed; nothing else may stand on standard output."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The home that it left, and its two runs: the first for machines, the second for people."""

    home: Path
    first: Run
    second: Run


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """Run it in an empty home, then again on what stands there, with every log line that there is."""
    home = tmp_path_factory.mktemp("demonstration") / "var"
    return Demonstration(home, run_demonstration(home, "--json"), run_demonstration(home))


def run_demonstration(home: Path, *options: str, where: Path = ROOT) -> Run:
    """Run the real command on a home, in a working directory: a validator that is built in it is used."""
    env = {**os.environ, **environment(home), "ECERT_LOG": "debug", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _COMMAND, "demo", *options]
    done = subprocess.run(command, cwd=where, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    return Run(done.returncode, done.stdout, done.stderr, time.time())
