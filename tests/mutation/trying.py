"""One mutant, one forked child: it puts the mutant's code in place and runs the tests that reach it until one fails.

The parent has collected all tests already, so a child costs little more than its tests. Code that runs only while the
house is imported cannot be put in place: such a mutant is `TOO_EARLY` and is left to importing.py.
"""

from __future__ import annotations

import gc
import mmap
import os
import resource
import signal
import struct
import sys
import time
import traceback
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from tests.mutation.covering import Covering, failed, house_caches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    from tests.mutation.mutants import Mutant

SURVIVED, KILLED, ENDLESS, TOO_EARLY = "survived", "killed", "endless", "too early"
BROKEN = "broken"
_BY_EXIT = {0: SURVIVED, 1: KILLED, 3: TOO_EARLY, 4: BROKEN}
_ROOM = 2 << 30
"""Bytes that a child may take beyond what its parent has: a mutant's loop must not eat the machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant, and the test that noticed it."""

    mutant: Mutant
    fate: str
    by: str = ""


def try_all(
    mutants: Iterable[Mutant],
    *,
    items: list[pytest.Item],
    covering: Covering,
    children: int,
    tell: Callable[[Outcome], None],
) -> None:
    """Try every mutant, `children` at a time, and tell each outcome as it comes."""
    by_name = {item.nodeid: item for item in items}
    caches = house_caches()
    running: dict[int, tuple[Mutant, list[str], mmap.mmap]] = {}
    gc.collect()
    gc.freeze()
    for mutant in mutants:
        reached = covering.tests(mutant.path, mutant.span)
        tests = covering.in_order(mutant.path, reached - {""})
        if not mutant.function or not tests:
            tell(Outcome(mutant, TOO_EARLY if "" in reached or not mutant.function else SURVIVED))
            continue
        seconds = 5 + 10 * sum(covering.seconds[test] for test in tests)
        noticed = mmap.mmap(-1, 4)
        child = os.fork()
        if child == 0:
            _be_child(lambda m=mutant, t=tests, n=noticed: _try(m, [by_name[name] for name in t], caches, n), seconds)
        running[child] = mutant, tests, noticed
        if len(running) >= children:
            tell(_one_of(running))
    while running:
        tell(_one_of(running))


def limit(seconds: float) -> None:
    """Give this process `seconds` of processor time, ten times as long by the clock, and room for no more."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()  # noqa: PTH123, SIM115 - gone next
    resource.setrlimit(resource.RLIMIT_AS, (taken + _ROOM, taken + _ROOM))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(10 * int(seconds) + 30)


def fate_of(status: int) -> str:
    """Read a child's end: its code, or the signal of a limit."""
    if os.WIFSIGNALED(status):
        return ENDLESS if os.WTERMSIG(status) in {signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL} else KILLED
    return _BY_EXIT.get(os.WEXITSTATUS(status), KILLED)


def _one_of(running: dict[int, tuple[Mutant, list[str], mmap.mmap]]) -> Outcome:
    child, status = os.wait()
    mutant, tests, noticed = running.pop(child)
    fate = fate_of(status)
    (index,) = struct.unpack("<I", noticed[:])
    noticed.close()
    return Outcome(mutant, fate, tests[index] if fate in {KILLED, ENDLESS} else "")


def _be_child(work: Callable[[], int], seconds: float) -> None:
    code = 1
    try:
        limit(seconds)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = work()
    except BaseException:  # noqa: BLE001 - the child says why before it ends
        traceback.print_exc()
    finally:
        os._exit(code)


def _try(mutant: Mutant, items: list[pytest.Item], caches: list, noticed: mmap.mmap) -> int:
    try:
        if not put_in_place(mutant):
            return 3
    except Exception:  # noqa: BLE001 - whatever is wrong with the driver must not pass for a kill
        return 4
    for index, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
        noticed[:] = struct.pack("<I", index)
        if failed(item, following, caches):
            return 1
    return 0


def put_in_place(mutant: Mutant) -> bool:
    module = sys.modules[mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")]
    whole = compile(mutant.source, str(module.__file__), "exec", dont_inherit=True)
    new = next((code for code in _codes(whole) if code.co_qualname == mutant.function), None)
    function = _function(module, mutant.function)
    if new is None or function is None or new.co_freevars != function.__code__.co_freevars:
        return False
    if _same(new, function.__code__):
        return False
    function.__code__ = new
    return True


def _codes(code: CodeType) -> Iterable[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _function(module: object, name: str) -> FunctionType | None:
    found: object = module
    for part in name.split("."):
        found = vars(found).get(part)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, FunctionType) else None


def _same(one: CodeType, other: CodeType) -> bool:
    """Compare what two codes do, wherever in the file they stand: a changed default is in neither."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    pairs = list(zip(one.co_consts, other.co_consts, strict=False))
    return len(one.co_consts) == len(other.co_consts) and all(
        _same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else (type(a), a) == (type(b), b)
        for a, b in pairs
    )


def clock() -> str:
    """Return the time of day for progress lines."""
    return time.strftime("%H:%M:%S")
