"""Forked workers put one mutant after another in place and run the tests that reach it until one fails.

The parent has collected all tests already, so a mutant costs little more than its tests. After a kill the same test
has to pass unchanged, else the worker ends, and a new one must see it pass before it tries the mutant again: no mutant
leaves anything to the next, and no test that fails by itself kills one. Code that runs only while the house is imported
cannot be put in place: such a mutant is `TOO_EARLY` and is left to importing.py.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import resource
import selectors
import signal
import struct
import sys
import time
import traceback
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.mutation.control import is_control
from tests.mutation.covering import Covering, failed, house_caches
from tests.mutation.ordering import Noticed
from tests.mutation.placing import put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pytest

    from tests.mutation.mutants import Mutant

SURVIVED, KILLED, ENDLESS, TOO_EARLY, BROKEN = "survived", "killed", "endless", "too early", "broken"
_DOUBTFUL = "doubtful"
_PORTION = 30
"""Mutants that a worker is given at a time."""
_ENOUGH = 20
"""Tests that a control has to pass: it changes nothing, so it would run all that reach it."""
_ROOM = 2 << 30
"""Bytes that a worker may take beyond what its parent has: a mutant's loop must not eat the machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant, and the test that noticed it."""

    mutant: Mutant
    fate: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A mutant, the tests that reach it in their order, and the processor seconds that it may take.

    `doubted` names the test that failed with it in a worker where it failed without it afterwards.
    """

    mutant: Mutant
    tests: Sequence[str]
    seconds: int
    doubted: str = ""


def try_all(
    mutants: Iterable[Mutant],
    *,
    items: list[pytest.Item],
    covering: Covering,
    children: int,
    until: float,
    tell: Callable[[Outcome], None],
) -> None:
    """Try every mutant with so many workers until that moment of the monotonic clock; tell outcomes as they come."""
    tasks = deque()
    for mutant in mutants:
        reached = covering.tests(mutant.path, mutant.span)
        tests = covering.in_order(mutant.path, reached - {""})[: _ENOUGH if is_control(mutant) else None]
        if mutant.function and tests:
            tasks.append(Task(mutant, tests, 6 + int(10 * sum(covering.seconds[test] for test in tests))))
        else:
            tell(Outcome(mutant, TOO_EARLY if "" in reached or not mutant.function else SURVIVED))
    by_name = {item.nodeid: item for item in items}
    caches = house_caches()
    noticed = Noticed(covering.seconds)

    def remember(outcome: Outcome) -> None:
        if outcome.fate == KILLED:
            noticed.add(outcome.mutant, outcome.by)
        tell(outcome)

    gc.collect()
    gc.freeze()
    with selectors.DefaultSelector() as waiting:
        while tasks or waiting.get_map():
            while tasks and len(waiting.get_map()) < children:
                portion = [tasks.popleft() for _ in range(min(_PORTION, len(tasks)))]
                worker = Worker(portion, by_name, caches, noticed, until)
                waiting.register(worker.told, selectors.EVENT_READ, worker)
            for key, _ in waiting.select():
                if not key.data.listen(remember):
                    waiting.unregister(key.fileobj)
                    tasks.extendleft(reversed(key.data.end(remember)))
            if time.monotonic() > until:
                tasks.clear()


class Worker:
    """A forked process with its portion; what it does last stands in shared memory, should it be ended."""

    def __init__(
        self, tasks: list[Task], items: dict[str, pytest.Item], caches: list, noticed: Noticed, until: float
    ) -> None:
        self._tasks, self._doubted, self._noticed, self._until = tasks, list[Task](), noticed, until
        self._doing = mmap.mmap(-1, 4)
        self.told, tell = os.pipe()
        self._rest = b""
        self._pid = os.fork()
        if self._pid == 0:
            self._work(tell, items, caches)
        os.close(tell)

    def listen(self, tell: Callable[[Outcome], None]) -> bool:
        """Tell what the worker has found since; False at its end."""
        came = os.read(self.told, 1 << 16)
        *lines, self._rest = (self._rest + came).split(b"\n")
        for line in lines:
            fate, by = json.loads(line)
            task = self._tasks.pop(0)
            if fate == _DOUBTFUL:
                self._doubted.append(replace(task, doubted=by))
            else:
                tell(Outcome(task.mutant, fate, by))
        return bool(came)

    def end(self, tell: Callable[[Outcome], None]) -> list[Task]:
        """Bury the worker: tell of the mutant that ended it, and return what it left undone."""
        os.close(self.told)
        _, status = os.waitpid(self._pid, 0)
        (test,) = struct.unpack("<I", self._doing[:])
        self._doing.close()
        if status and self._tasks:
            task = self._tasks.pop(0)
            tell(Outcome(task.mutant, fate_of(status), task.tests[test]))
        return self._doubted + self._tasks

    def _work(self, tell: int, items: dict[str, pytest.Item], caches: list) -> None:
        code = 1
        try:
            gc.disable()
            _confine()
            _own_folder(next(iter(items.values())))
            for task in self._tasks:
                if time.monotonic() > self._until:
                    break
                _allow(task.seconds)
                fate, by = self._try(task, items, caches)
                os.write(tell, json.dumps([fate, by]).encode() + b"\n")
                if fate == _DOUBTFUL:
                    break
            code = 0
        except BaseException:  # noqa: BLE001 - the worker says why before it ends
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _try(self, task: Task, items: dict[str, pytest.Item], caches: list) -> tuple[str, str]:
        if task.doubted and _fails(items[task.doubted], None, caches):
            return BROKEN, task.doubted
        undo = put_in_place(task.mutant)
        if undo is None:
            return TOO_EARLY, ""
        tests = [items[name] for name in self._noticed.first(task.mutant, task.tests)]
        for item, following in zip(tests, [*tests[1:], None], strict=True):
            self._doing[:] = struct.pack("<I", task.tests.index(item.nodeid))
            if _fails(item, following, caches):
                undo()
                item.session._setupstate.teardown_exact(None)
                is_sure = item.nodeid == task.doubted or not _fails(item, None, caches)
                self._noticed.add(task.mutant, item.nodeid)
                return KILLED if is_sure else _DOUBTFUL, item.nodeid
        undo()
        return SURVIVED, ""


def fate_of(status: int) -> str:
    """Read how a process ended: by the signal of a limit, by another, or by a fault of this driver."""
    if os.WIFSIGNALED(status):
        return ENDLESS if os.WTERMSIG(status) in {signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL} else KILLED
    return BROKEN if os.WEXITSTATUS(status) else SURVIVED


def confine(seconds: int) -> None:
    """Bound this process for good: its room, its processor time, and ten times that by the clock."""
    _confine()
    _allow(seconds)


def _confine() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a path object would not be shorter
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + _ROOM, taken + _ROOM))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _own_folder(item: pytest.Item) -> None:
    """Give this worker's tests a folder of their own, where no other draws the same numbers."""
    factory = item.config._tmp_path_factory  # type: ignore[attr-defined]  # pytest's own, which it does not declare
    factory._basetemp = factory.mktemp(f"worker-{os.getpid()}-", numbered=True)


def _allow(seconds: int) -> None:
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))
    signal.alarm(10 * seconds + 30)


def _fails(item: pytest.Item, following: pytest.Item | None, caches: list) -> bool:
    try:
        return failed(item, following, caches)
    except BaseException:  # noqa: BLE001 - a mutant may raise whatever it likes, SystemExit too
        return True


def clock() -> str:
    """Return the time of day for progress lines."""
    return time.strftime("%H:%M:%S")
