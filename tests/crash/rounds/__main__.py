"""`python -m tests.crash.rounds [--short]`: found a house on a network, kill validators under its load, judge, tell."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.crash.grounds import Ground, network_ground
from tests.crash.processes import say
from tests.crash.rounds.falling import Told, fall
from tests.crash.rounds.planning import ERA, Kind, Round, full, short
from tests.crash.rounds.restoring import restored, save
from tests.crash.rounds.serving import found_with_a_card

__all__ = ["main"]


@dataclass(frozen=True, slots=True)
class _Result:
    part: Round
    told: Told


def main() -> int:
    """Run the rounds; 0 if no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.rounds", description=__doc__)
    parser.add_argument("--short", action="store_true", help="three rounds")
    began, rounds = time.monotonic(), short() if parser.parse_args().short else full()
    folder = Path(tempfile.mkdtemp(prefix="ecert-rounds-"))
    say(f"{len(rounds)} rounds in {folder}; founding the house")
    ground = network_ground(folder, commit_wait="700ms", heartbeat="1m", found=found_with_a_card)
    try:
        results = [_lived(ground, folder / f"era-{part.number // ERA}", part) for part in rounds]
    finally:
        ground.rest()
    if is_well := _tell(results, time.monotonic() - began):
        shutil.rmtree(folder)
    return 0 if is_well else 1


def _lived(ground: Ground, home: Path, part: Round) -> _Result:
    """Live through one round; the folder of an era stays where something is wrong."""
    if part.number % ERA == 0:
        ground.lay(home)
    network = ground.network
    assert network is not None
    saved = save(home) if part.is_last else []
    told = fall(network, home, part)
    told.wrong += saved
    if part.is_last and not saved:
        told.wrong += restored(home)
    if part.is_last and not told.wrong:
        ground.clear(home)
    say(_line(part, told))
    return _Result(part, told)


def _line(part: Round, told: Told) -> str:
    figures = {"gap": told.gap, "stood": told.stood, "resumed": told.resumed}
    measured = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in figures.items() if seconds is not None)
    end = " restored" if part.is_last else ""
    verdict = "; ".join(told.wrong) or "held"
    return f"{part.number:3d} {part.kind:12s}{end:9s} {measured}, age {told.oldest} s: {verdict}"


def _tell(results: list[_Result], seconds: float) -> bool:
    say("", "| killed | rounds | longest without a block | resumed after, median and longest | violations |")
    say("|---|---:|---:|---:|---:|")
    for kind in Kind:
        say(*_row(kind, [each.told for each in results if each.part.kind is kind]))
    wrong = sum(len(each.told.wrong) for each in results)
    ended = sum(each.part.is_last for each in results)
    verified = sum(each.told.verified for each in results)
    say("", f"{len(results)} rounds, {ended} restored, {wrong} violations, {seconds:.0f} s")
    say(f"{verified} files verified while validators were down, told ages up to {_most(results)} s")
    return not wrong


def _row(kind: Kind, told: list[Told]) -> Iterable[str]:
    gaps = [each.gap for each in told if each.gap is not None]
    resumed = sorted(each.resumed for each in told if each.resumed is not None)
    gap = f"{max(gaps):.1f} s" if gaps else "-"
    back = f"{resumed[len(resumed) // 2]:.1f} s, {resumed[-1]:.1f} s" if resumed else "-"
    return [f"| {kind} | {len(told)} | {gap} | {back} | {sum(len(each.wrong) for each in told)} |"]


def _most(results: list[_Result]) -> int:
    return max(each.told.oldest for each in results)


if __name__ == "__main__":
    sys.exit(main())
