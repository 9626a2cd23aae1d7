"""`ecert demo`: run it, say first what this machine cannot do, and end with 0 only if every expectation held."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from ecert.app.delta import Delta
from ecert.app.demo.course import perform
from ecert.app.demo.expectations import NOT_RUN, Expectation, as_json
from ecert.app.demo.founding import issuing_suites
from ecert.app.demo.telling import Teller
from ecert.app.wiring import open_house
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "play", "run"]

HELD, MISSED, NOT_ALL_RUN = 0, 1, 3

_NO_SM2: Final = (
    "本机 Python 所用的 libcrypto 不支持 SM2：SM2-SM3 的各行不运行，命令以 3 结束。",
    "This Python's libcrypto has no SM2: the rows of SM2-SM3 are not run and the command ends with 3.",
)
_SOFTWARE: Final = (
    "SM2 由软件实现，仅供演示；正式使用须用经认证的密码模块。",
    "SM2 in software is for demonstration only; real use needs a certified module.",
)


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("demo", help="演示 / run the demonstration", description=__doc__)
    parser.add_argument("--network", action="store_true", help="on four deployments, one a region, over signed HTTP")
    parser.add_argument("--json", action="store_true", help="print the expectations as JSON and nothing else")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Run the demonstration on what stands in the home, or found it there."""
    house = open_house(settings, clock)
    try:
        return play(args, Delta.alone(house))
    finally:
        house.close()


def play(args: argparse.Namespace, delta: Delta) -> int:
    """Play it on deployments that stand, and tell it as asked."""
    began = time.monotonic()
    teller = Teller(None if args.json else sys.stdout, sys.stderr)
    has_sm2 = "SM2-SM3" in issuing_suites()
    for line in _SOFTWARE if has_sm2 else _NO_SM2:
        print(line, file=sys.stderr if args.json else sys.stdout, flush=True)
    expectations = perform(delta, teller)
    if args.json:
        json.dump(as_json(expectations), sys.stdout, ensure_ascii=False)
        print()
    teller.say(*_summary(expectations, time.monotonic() - began))
    return exit_code(expectations)


def exit_code(expectations: Sequence[Expectation]) -> int:
    """Give 0 if all held, 1 if one did not, 3 if some could not be run here."""
    if all(each.held for each in expectations):
        return HELD
    is_missed = any(not each.held and each.got != NOT_RUN for each in expectations)
    return MISSED if is_missed else NOT_ALL_RUN


def _summary(expectations: Sequence[Expectation], seconds: float) -> tuple[str, str]:
    held, every = sum(each.held for each in expectations), len(expectations)
    unrun = sum(each.got == NOT_RUN for each in expectations)
    return (
        f"{every} 项预期中 {held} 项成立{f'，{unrun} 项未运行' if unrun else ''}，用时 {seconds:.0f} 秒。",
        f"{held} of {every} expectations held{f', {unrun} not run' if unrun else ''}, in {seconds:.0f} s.",
    )
