"""`python -m tests.crash [--short] [--network] [--least N] [--only NAME]`: kill copies of a house, judge each, tell."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from ecert.app.wiring import House
from tests.crash.breaking import BREAKAGES
from tests.crash.grounds import Ground, embedded_ground, network_ground
from tests.crash.housing import NOTES, opened
from tests.crash.judging import judge, judge_founding, judge_restored
from tests.crash.naming import MOMENTS, NETWORK_MOMENTS
from tests.crash.notes import Notes
from tests.crash.planning import Run, full, short
from tests.crash.processes import ask_in_a_process, fork, in_a_process, say
from tests.crash.watching import Strike, watch
from tests.crash.working import work

KILLS = 300
NETWORK_KILLS = 75
"""Fewer, for each begins by starting four validators: every name at every moment once."""
LANES = 2
NETWORK_LANES = 3
"""More, for a house on a network waits for blocks."""
DAYS = 6
PROOF = 4
"""The seed of the day that the judge is proved on."""
Judge = Callable[[Path], list[str]]

_BRIEFLY = ("a root is anchored twice", "a bit of the replica is flipped")
"""What is proved on a network too: the rest is about rows."""
_RESTORED = ("a certificate is gone", "a root is anchored twice", "a status is other than on chain")
"""What the judge of a restored house is to find."""


def main() -> int:
    """Run the list; 0 if no promise was broken and every kill hit."""
    args = _arguments()
    began = time.monotonic()
    moments = NETWORK_MOMENTS if args.network else MOMENTS
    least = args.least or (NETWORK_KILLS if args.network else KILLS)
    listed = short(moments) if args.short else full(moments, least=least)
    runs = [run for run in listed if args.only in {None, run.strike.name}]
    folder = Path(tempfile.mkdtemp(prefix="ecert-crash-"))
    say(f"{len(runs)} runs in {folder}; founding the house that they copy")
    begin = partial(_network_ground, folder) if args.network else partial(_shared, embedded_ground(folder))
    turn = multiprocessing.get_context("fork").Value("i", 0)
    places = range(NETWORK_LANES if args.network else LANES)
    lanes = [fork(partial(_lane, lane, begin, _taken(runs, turn), folder)) for lane in places]
    statuses = [os.waitpid(lane, 0)[1] for lane in lanes]
    results = [json.loads(line) for lane in places for line in _told_by(lane, folder)]
    ok = _tell(results, time.monotonic() - began) and not any(statuses) and len(results) == len(runs)
    if ok:
        shutil.rmtree(folder)
    return 0 if ok else 1


def _told_by(lane: int, folder: Path) -> list[str]:
    told = folder / f"lane-{lane}"
    return told.read_text().splitlines() if told.exists() else []


def _shared(ground: Ground, _lane: int) -> Ground:
    """Give every lane the same ground: a house of its own chain is copied anywhere."""
    return ground


def _network_ground(folder: Path, lane: int) -> Ground:
    """Give a lane a network of its own, whose blocks come as fast as they can while there is anything to put in."""
    return network_ground(folder / f"ground-{lane}", commit_wait="100ms", heartbeat="1m", lane=lane)


def _taken(runs: Sequence[Run], turn: Synchronized[int]) -> Iterator[Run]:
    """Yield the runs that no other lane has taken yet."""
    while True:
        with turn.get_lock():
            place, turn.value = turn.value, turn.value + 1
        if place >= len(runs):
            return
        yield runs[place]


def _prove_judges(ground: Ground, folder: Path) -> bool:
    """Tell whether the judges pass a day's whole house and name whatever is broken in it."""
    is_brief = ground.network is not None
    whole = folder / "whole"
    ground.lay(whole)
    if in_a_process(lambda: _spend_a_day(whole)) != 0:
        return False
    ground.rest()
    proofs: list[tuple[str, Judge]] = [(name, judge) for name in ("nothing", *(_BRIEFLY if is_brief else BREAKAGES))]
    proofs += [(name, _judge_as_restored) for name in ("nothing", *_RESTORED)]
    return all(_is_right(replace(ground, template=whole), folder / "broken", *each) for each in proofs)


def _is_right(ground: Ground, home: Path, name: str, judge: Judge) -> bool:
    wrong = _judged(ground, home, BREAKAGES.get(name), judge)
    say(f"{judge.__name__.strip('_'):18s} {name:38s} {wrong[0][:60] if wrong else 'nothing to say'}")
    return bool(wrong) == (name in BREAKAGES)


def _judge_as_restored(home: Path) -> list[str]:
    return judge_restored(home, told=home / NOTES)


def _spend_a_day(home: Path) -> None:
    with opened(home) as (house, _):
        work(house, PROOF, Notes(home / NOTES))


def _judged(ground: Ground, home: Path, act: Callable[[House], None] | None, judge: Judge) -> list[str]:
    ground.lay(home)
    ended = 0 if act is None else in_a_process(partial(_break, home, act))
    wrong = [] if ended else ask_in_a_process(home, judge)
    ground.clear(home)
    return wrong


def _break(home: Path, act: Callable[[House], None]) -> None:
    with opened(home) as (house, _):
        act(house)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one kill at every name")
    parser.add_argument("--network", action="store_true", help="on live validators (build/validator/ecertd)")
    parser.add_argument("--least", type=int, metavar="N", help="at least so many kills")
    parser.add_argument("--only", choices=sorted({*MOMENTS, *NETWORK_MOMENTS}), help="the kills at one name")
    return parser.parse_args()


def _lane(lane: int, begin: Callable[[int], Ground], runs: Iterable[Run], folder: Path) -> None:
    """Work through what no other lane has taken; the first proves the judges before."""
    ground = begin(lane)
    if lane == 0 and not _prove_judges(ground, folder):
        sys.exit(1)
    with (folder / f"lane-{lane}").open("a") as results:
        for run in runs:
            home = folder / f"run-{run.number}"
            result = _one(run, ground, home)
            results.write(json.dumps(result) + "\n")
            results.flush()
            say(f"{run.number:4d} {result['name']:16s} {result['moment']:7s} {'; '.join(result['wrong']) or 'held'}")
    ground.rest()


def _one(run: Run, ground: Ground, home: Path) -> dict[str, object]:
    """Kill one house, perhaps twice, and judge it; its folder stays where something is wrong."""
    ended = _kill(run, ground, home)
    hit = ended == -signal.SIGKILL
    wrong = [] if hit else [f"the process ended with {ended} before the kill"]
    again = run.again is not None and in_a_process(lambda: _recover(home, run.again)) == -signal.SIGKILL
    wrong += ask_in_a_process(home, judge_founding if run.founding else judge)
    if not wrong:
        ground.clear(home)
    second = run.again.name if again and run.again else None
    return {"name": run.strike.name, "moment": run.strike.moment, "hit": hit, "again": second, "wrong": wrong}


def _kill(run: Run, ground: Ground, home: Path) -> int:
    """Live until killed; a day that passed without the write is lived otherwise, in another copy."""
    ended = 0
    for other in range(DAYS):
        ground.lay(home, is_founded=not run.founding)
        ended = in_a_process(partial(_live, home, replace(run, seed=run.seed + other)))
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


def _tell(results: list[dict[str, object]], seconds: float) -> bool:
    kills: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    for result in results:
        kills[str(result["name"])] += bool(result["hit"])
        kills[str(result["again"])] += result["again"] is not None
        wrong[str(result["name"])] += result["wrong"]
    say("", "| write | kills | violations |", "|---|---:|---:|")
    for name in {**MOMENTS, **NETWORK_MOMENTS}:
        if kills[name] or wrong[name]:
            say(f"| `{name}` | {kills[name]} | {len(wrong[name])} |")
    total, violations = sum(kills.values()), sum(map(len, wrong.values()))
    twice = sum(result["again"] is not None for result in results)
    say(f"| all | {total} | {violations} |", "")
    say(f"{total} kills of {len(results)} houses, {twice} of them twice, {violations} violations, {seconds:.0f} s")
    return not violations


if __name__ == "__main__":
    sys.exit(main())
