"""A mutant that only importing runs: a forked process imports the changed module with it, and what builds on that one.

A server for each file imports the rest of the house beforehand, so that a mutant costs its own imports and its tests:
first those named after the module, then those that name it, then all others.
"""

from __future__ import annotations

import mmap
import os
import shutil
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.mutation import preloading
from tests.mutation.control import control_of_module
from tests.mutation.session import ROOT, Steady, apart, folder_of, main
from tests.mutation.trying import BROKEN, KILLED, SURVIVED, Outcome, confine, fate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.mutation.mutants import Mutant

SECONDS = 60
EXAMPLES = 20
"""So many a property draws here: a survivor runs every test, and what so few do not notice is asked of a unit test."""
_NAME = 400


def try_all(
    mutants: Iterable[Mutant], *, tests: Sequence[str], children: int, until: float, tell: Callable[[Outcome], None]
) -> None:
    """Try every mutant against all of `tests`, file by file, until that moment of the monotonic clock."""
    by_path = defaultdict(list)
    for mutant in mutants:
        by_path[mutant.path].append(mutant)
    house = preloading.imported_by(tests) if by_path else []
    for path, group in by_path.items():
        if time.monotonic() > until:
            break
        server = _Server(path, house, preloading.in_stages(path, tests), children, until)
        apart(lambda server=server, group=group: server.serve(group, tell))


@dataclass(frozen=True, slots=True)
class _Server:
    """What every mutant of one file has in common."""

    path: str
    house: Sequence[str]
    stages: Sequence[Sequence[str]]
    children: int
    until: float
    believed: set[str] = field(default_factory=set)

    def serve(self, mutants: Sequence[Mutant], tell: Callable[[Outcome], None]) -> int:
        """Try each; the tests of the first stage have to pass beforehand, without any change."""
        preloading.preload(self.house, self.path)
        self._unchanged(self.stages[0], tell)
        running: dict[int, tuple[Mutant, mmap.mmap]] = {}
        for mutant in mutants:
            if time.monotonic() > self.until:
                break
            noticed = mmap.mmap(-1, _NAME)
            running[self._forked(mutant, self.stages, noticed)] = mutant, noticed
            if len(running) >= self.children:
                self._tell(_one_of(running), tell)
        while running:
            self._tell(_one_of(running), tell)
        return 0

    def _tell(self, outcome: Outcome, tell: Callable[[Outcome], None]) -> None:
        """Believe a test of a later stage only if it passes without the mutant."""
        test = outcome.by.partition("[")[0]
        file = test.partition("::")[0]
        if outcome.fate == KILLED and file != "import" and file not in self.stages[0] and test not in self.believed:
            self._unchanged([test], tell)
            self.believed.add(test)
        tell(outcome)

    def _unchanged(self, tests: Sequence[str], tell: Callable[[Outcome], None]) -> None:
        control = control_of_module(ROOT / self.path, name=self.path)
        noticed = mmap.mmap(-1, _NAME)
        tell(_one_of({self._forked(control, [tests], noticed): (control, noticed)}))

    def _forked(self, mutant: Mutant, stages: Sequence[Sequence[str]], noticed: mmap.mmap) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            confine(SECONDS)
            preloading.replace(mutant)
            plugins = [Steady(EXAMPLES), _Witness(noticed)]
            code = int(any(main(stage, plugins) for stage in stages if stage))
        except BaseException:  # noqa: BLE001 - the child says why before it ends
            traceback.print_exc()
        finally:
            os._exit(code)


def _one_of(running: dict[int, tuple[Mutant, mmap.mmap]]) -> Outcome:
    child, status = os.waitpid(-1, 0) if len(running) > 1 else os.waitpid(next(iter(running)), 0)
    shutil.rmtree(folder_of(child), ignore_errors=True)
    mutant, noticed = running.pop(child)
    fate, by = fate_of(status), noticed[:].rstrip(b"\0").decode()
    fate = KILLED if fate == BROKEN else fate
    noticed.close()
    return Outcome(mutant, fate, "" if fate == SURVIVED else by or "import")


class _Witness:
    """Writes down the test that fails; if none is written, importing failed."""

    def __init__(self, noticed: mmap.mmap) -> None:
        self._noticed = noticed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the failing test's name for the parent."""
        if report.failed:
            name = report.nodeid.encode("ascii", "replace")[:_NAME]
            self._noticed[: len(name)] = name
