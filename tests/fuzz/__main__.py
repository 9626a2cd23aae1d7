"""Fuzzes every target for a while, two at a time, and keeps what reached new code (docs/fuzzing.md).

    python -m tests.fuzz [--seconds 60] [--keep] [--jobs 2] [TARGET ...]

The exit status is 1 if any target failed; the input that did it lies in build/fuzz beside the target's log.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import shutil
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
CORPUS: Final = HERE / "corpus"
WORK: Final = ROOT / "build/fuzz"
sys.path.append(str(WORK / "packages"))
from tests.fuzz.one import fuzz, instrumented  # noqa: E402 - what it fuzzes with lies there

if TYPE_CHECKING:
    from tests.fuzz.trial import Target

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
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    args = parser.parse_args()
    targets = instrumented()
    if unknown := set(args.targets) - set(targets):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    named = [targets[name] for name in args.targets or targets]
    failed = [ended.name for ended in _run(named, args.seconds, jobs=args.jobs, keep=args.keep) if ended.code]
    return int(bool(failed))


def _run(targets: Sequence[Target], seconds: int, *, jobs: int, keep: bool) -> Iterator[Ended]:
    """Run each in a process of its own, and tell of it when it has ended."""
    waiting = deque(targets)
    running: dict[int, tuple[Target, BaseProcess]] = {}
    with TemporaryDirectory() as scratch:
        while waiting or running:
            while waiting and len(running) < jobs:
                target = waiting.popleft()
                process = _begun(target, seconds, scratch)
                running[process.sentinel] = target, process
            for sentinel in connection.wait(list(running)):
                target, process = running.pop(sentinel)
                process.join()
                yield _told(_ended(target.name, process.exitcode or 0, keep=keep))


def _begun(target: Target, seconds: int, scratch: str) -> BaseProcess:
    """Fork for one target: all is imported already, and no thread runs."""
    found, kept, own = WORK / target.name, CORPUS / target.name, Path(scratch, target.name)
    for folder in (found, kept, own):
        folder.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-reduce_inputs=1"]
    told = [f"-artifact_prefix={found}-", "-print_final_stats=1", str(found), str(kept)]
    process = multiprocessing.get_context("fork").Process(
        target=fuzz, args=(target, found, found.with_suffix(".log"), str(own), [*limits, *told])
    )
    process.start()
    return process


def _ended(name: str, code: int, *, keep: bool) -> Ended:
    tried = re.search(r"number_of_executed_units: (\d+)", (WORK / f"{name}.log").read_text("utf-8", "replace"))
    if keep and not code:
        _keep(name)
    return Ended(name, code, tried[1] if tried else "?", len(list((CORPUS / name).iterdir())))


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
