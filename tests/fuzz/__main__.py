"""Fuzzes every target for a while, two at a time, and keeps what reached new code (docs/fuzzing.md).

    python -m tests.fuzz [--seconds 60] [--keep] [--jobs 2] [TARGET ...]

The exit status is 1 if any target failed; the input that did it lies in build/fuzz beside the target's log.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fuzz.targets import TARGETS

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
CORPUS: Final = HERE / "corpus"
WORK: Final = ROOT / "build/fuzz"
MOST_KEPT: Final = 24
LARGEST_KEPT: Final = 8192
"""Bytes of an input that is kept: small ones say more, and the repository carries them."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a target's run ended."""

    name: str
    code: int
    tried: str
    kept: int


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="let the kept corpus grow by what reached new code")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET")
    args = parser.parse_args()
    with ThreadPoolExecutor(args.jobs) as pool:
        ended = list(pool.map(lambda name: _told(_run(name, args.seconds, keep=args.keep)), args.targets))
    return int(any(each.code for each in ended))


def _run(name: str, seconds: int, *, keep: bool) -> Ended:
    found, kept = WORK / name, CORPUS / name
    for folder in (found, kept):
        folder.mkdir(parents=True, exist_ok=True)
    limits = (f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-reduce_inputs=1")
    code, log = _fuzz(name, *limits, f"-artifact_prefix={WORK}/{name}-", "-print_final_stats=1", str(found), str(kept))
    (WORK / f"{name}.log").write_text(log, "utf-8")
    tried = re.search(r"number_of_executed_units: (\d+)", log)
    if keep and not code:
        _keep(name)
    return Ended(name, code, tried[1] if tried else "?", len(list(kept.iterdir())))


def _fuzz(name: str, *options: str) -> tuple[int, str]:
    """Run one target in a process and a temporary folder of its own; give its exit status and what it said."""
    with TemporaryDirectory() as folder:
        env = {**os.environ, "TMPDIR": folder, "PYTHONPATH": os.pathsep.join([str(ROOT), str(WORK / "packages")])}
        command = [sys.executable, "-m", "tests.fuzz.one", name, str(WORK / name), *options]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def _keep(name: str) -> None:
    """Keep a few of what libFuzzer found and made as short as it could, from the shortest to the longest."""
    kept = CORPUS / name
    short = [path for path in (WORK / name).iterdir() if path.stat().st_size <= LARGEST_KEPT]
    new = sorted((path for path in short if not (kept / path.name).exists()), key=lambda p: (p.stat().st_size, p.name))
    room = MOST_KEPT - len(list(kept.iterdir()))
    for path in new[:: max(1, -(-len(new) // room))] if room > 0 else ():
        shutil.copyfile(path, kept / path.name)


def _told(ended: Ended) -> Ended:
    state = "ok" if not ended.code else f"FAILED ({ended.code}), see build/fuzz/{ended.name}.log"
    sys.stdout.write(f"{ended.name:<14}{ended.tried:>12} inputs {ended.kept:>4} kept  {state}\n")
    sys.stdout.flush()
    return ended


if __name__ == "__main__":
    raise SystemExit(main())
