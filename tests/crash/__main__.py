"""`python -m tests.crash [--short] [--only NAME]`: found one house, kill copies of it, judge each, print the table."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ecert.app.wiring import House
from ecert.domain.errors import EcertError
from ecert.runtime.logs import install_logs
from tests.crash.breaking import BREAKAGES
from tests.crash.housing import NOTES, copy_home, found, opened
from tests.crash.judging import judge, judge_founding
from tests.crash.naming import MOMENTS
from tests.crash.notes import Notes
from tests.crash.planning import Run, full, short
from tests.crash.watching import Strike, watch
from tests.crash.working import work
from tests.databases import remove_home

LANES = 2
PATIENCE = 180.0
DAYS = 6
PROOF = 4
"""The seed of the day that the judge is proved on."""


def main() -> int:
    """Run the list; 0 if no promise was broken and every kill hit."""
    args = _arguments()
    began = time.monotonic()
    runs = [run for run in (short() if args.short else full()) if args.only in {None, run.strike.name}]
    folder = Path(tempfile.mkdtemp(prefix="ecert-crash-"))
    template = folder / "founded"
    _say(f"{len(runs)} runs in {folder}; founding the house that they copy")
    if _in_a_process(lambda: found(template)) != 0:
        _say("the house could not be founded")
        return 1
    if not _prove_judge(template, folder):
        return 1
    lanes = [_fork(lambda lane=lane: _lane(runs[lane::LANES], template, folder, lane)) for lane in range(LANES)]
    statuses = [os.waitpid(lane, 0)[1] for lane in lanes]
    results = [json.loads(line) for lane in range(LANES) for line in (folder / f"lane-{lane}").read_text().splitlines()]
    ok = _tell(results, time.monotonic() - began) and statuses == [0] * LANES and len(results) == len(runs)
    if ok:
        shutil.rmtree(folder)
    return 0 if ok else 1


def _prove_judge(template: Path, folder: Path) -> bool:
    """Tell whether the judge passes a day's whole house and names whatever is broken in it."""
    whole = folder / "whole"
    copy_home(template, whole)
    if _in_a_process(lambda: _spend_a_day(whole)) != 0:
        return False
    passed = {name: _judged(whole, folder / "broken", act) for name, act in {"nothing": None, **BREAKAGES}.items()}
    for name, wrong in passed.items():
        _say(f"judge: {name:38s} {wrong[0][:70] if wrong else 'nothing to say'}")
    return all(bool(wrong) == (name != "nothing") for name, wrong in passed.items())


def _spend_a_day(home: Path) -> None:
    with opened(home) as (house, _):
        work(house, PROOF, Notes(home / NOTES))


def _judged(whole: Path, home: Path, act: Callable[[House], None] | None) -> list[str]:
    copy_home(whole, home)
    ended = 0 if act is None else _in_a_process(partial(_break, home, act))
    wrong = [] if ended else _verdict(home, judge)
    remove_home(home)
    return wrong


def _break(home: Path, act: Callable[[House], None]) -> None:
    with opened(home) as (house, _):
        act(house)


def _verdict(home: Path, judge: Callable[[Path], list[str]]) -> list[str]:
    """Let a process of its own judge."""
    told = home / "verdict.json"
    ended = _in_a_process(lambda: told.write_text(json.dumps(judge(home))))
    return json.loads(told.read_text()) if ended == 0 else [f"the judge ended with {ended}"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one kill at every name")
    parser.add_argument("--only", choices=sorted(MOMENTS), help="the kills at one name")
    return parser.parse_args()


def _lane(runs: Iterable[Run], template: Path, folder: Path, lane: int) -> None:
    with (folder / f"lane-{lane}").open("a") as results:
        for run in runs:
            result = _one(run, template, folder / f"run-{run.number}")
            results.write(json.dumps(result) + "\n")
            results.flush()
            _say(f"{run.number:4d} {result['name']:16s} {result['moment']:7s} {'; '.join(result['wrong']) or 'held'}")


def _one(run: Run, template: Path, home: Path) -> dict[str, object]:
    """Kill one house, perhaps twice, and judge it; its folder stays where something is wrong."""
    ended = _kill(run, template, home)
    hit = ended == -signal.SIGKILL
    wrong = [] if hit else [f"the process ended with {ended} before the kill"]
    again = run.again is not None and _in_a_process(lambda: _recover(home, run.again)) == -signal.SIGKILL
    wrong += _verdict(home, judge_founding if run.founding else judge)
    if not wrong:
        remove_home(home)
    second = run.again.name if again and run.again else None
    return {"name": run.strike.name, "moment": run.strike.moment, "hit": hit, "again": second, "wrong": wrong}


def _kill(run: Run, template: Path, home: Path) -> int:
    """Live until killed; a day that passed without the write is lived otherwise, in another copy."""
    ended = 0
    for other in range(DAYS):
        remove_home(home)
        if not run.founding:
            copy_home(template, home)
        ended = _in_a_process(partial(_live, home, replace(run, seed=run.seed + other)))
        if ended != 0:
            break
    return ended


def _live(home: Path, run: Run) -> None:
    home.mkdir(exist_ok=True)
    notes = Notes(home / NOTES)
    watch(home, run.strike, notes.unnamed)
    threading.excepthook = lambda told: notes.unnamed(f"a thread died of {told.exc_value!r}")
    with opened(home) as (house, _):
        if not run.founding:
            work(house, run.seed, notes)


def _recover(home: Path, strike: Strike) -> None:
    """Open the house after its death and let it settle, to be killed at that as well."""
    watch(home, strike, Notes(home / NOTES).unnamed)
    with opened(home) as (house, _):
        house.settle()


def _in_a_process(act: Callable[[], object]) -> int:
    """Do it in a process of its own; return how that ended: 0, its status, or minus the signal."""
    child = _fork(act)
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _fork(act: Callable[[], object]) -> int:
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
        _say(f"     {fault}")
    except BaseException:  # noqa: BLE001 — the child ends here, and its parent sees how
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(status)
    return 0


def _tell(results: list[dict[str, object]], seconds: float) -> bool:
    kills: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    for result in results:
        kills[str(result["name"])] += bool(result["hit"])
        kills[str(result["again"])] += result["again"] is not None
        wrong[str(result["name"])] += result["wrong"]
    _say("", "| write | kills | violations |", "|---|---:|---:|")
    for name in MOMENTS:
        if kills[name] or wrong[name]:
            _say(f"| `{name}` | {kills[name]} | {len(wrong[name])} |")
    total, violations = sum(kills.values()), sum(map(len, wrong.values()))
    twice = sum(result["again"] is not None for result in results)
    _say(f"| all | {total} | {violations} |", "")
    _say(f"{total} kills of {len(results)} houses, {twice} of them twice, {violations} violations, {seconds:.0f} s")
    return not violations


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
