"""A mutant that only importing runs: a process that imports the house with it, forked before the house was imported."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import mmap
import os
import sys
import traceback
from typing import TYPE_CHECKING

import pytest

from tests.mutation.placing import module_of
from tests.mutation.session import LOG, QUIET, ROOT, Steady, into
from tests.mutation.trying import BROKEN, KILLED, Outcome, confine, fate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from tests.mutation.mutants import Mutant

THIRD_PARTIES = ("base45", "cbor2", "cryptography.hazmat.primitives.asymmetric.ec", "fastapi.testclient", "jinja2")
SECONDS = 120
_NAME = 400


def try_all(mutants: Iterable[Mutant], *, tests: Sequence[str], children: int, tell: Callable[[Outcome], None]) -> None:
    """Try every mutant against all of `tests`, the file named after its module first."""
    for name in THIRD_PARTIES:
        __import__(name)
    running: dict[int, tuple[Mutant, mmap.mmap]] = {}
    for mutant in mutants:
        noticed = mmap.mmap(-1, _NAME)
        child = os.fork()
        if child == 0:
            _be_child(mutant, tests, noticed)
        running[child] = mutant, noticed
        if len(running) >= children:
            tell(_one_of(running))
    while running:
        tell(_one_of(running))


def _one_of(running: dict[int, tuple[Mutant, mmap.mmap]]) -> Outcome:
    child, status = os.wait()
    mutant, noticed = running.pop(child)
    fate, by = fate_of(status), noticed[:].rstrip(b"\0").decode()
    fate = KILLED if fate == BROKEN else fate
    noticed.close()
    return Outcome(mutant, fate, by or "import" if fate == KILLED else "")


def _be_child(mutant: Mutant, tests: Sequence[str], noticed: mmap.mmap) -> None:
    code = 1
    try:
        confine(SECONDS)
        into(LOG)
        sys.meta_path.insert(0, _Finder(mutant))
        code = 0 if pytest.main([*QUIET, *_own_first(mutant, tests)], plugins=[Steady(), _Witness(noticed)]) == 0 else 1
    except BaseException:  # noqa: BLE001 - the child says why before it ends
        traceback.print_exc()
    finally:
        os._exit(code)


def _own_first(mutant: Mutant, tests: Sequence[str]) -> list[str]:
    name = f"test_{mutant.path.rpartition('/')[2]}"
    folder = ROOT / tests[0]
    own = [str(folder / name)] if (folder / name).exists() else []
    return [*own, *tests]


class _Witness:
    """Writes down the test that fails; if none is written, importing failed."""

    def __init__(self, noticed: mmap.mmap) -> None:
        self._noticed = noticed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the failing test's name for the parent."""
        if report.failed:
            name = report.nodeid.encode("ascii", "replace")[:_NAME]
            self._noticed[: len(name)] = name


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Gives one module the mutant's source in place of its file's."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = module_of(mutant.path)
        self._path = str(ROOT / mutant.path)
        self._source = mutant.source

    def find_spec(self, fullname: str, _path: object, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Answer for the one module."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def get_filename(self, fullname: str) -> str:
        """Return the file that the module says it came from."""
        del fullname
        return self._path

    def get_data(self, path: str) -> bytes:
        """Return the mutant's text for the module's file, and nothing that was compiled before."""
        if path != self._path:
            raise OSError(path)
        return self._source.encode()

    def path_stats(self, path: str) -> dict[str, int]:
        """Refuse, so that no bytecode of the true module is taken or written."""
        raise OSError(path)
