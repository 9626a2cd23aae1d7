"""A pytest session that tries mutants instead of reporting tests: collect, cover, then fork a child for each."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

from tests.mutation import covering
from tests.mutation.trying import Outcome, try_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]
UNREWRITTEN = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
TIDY = ("-o", "tmp_path_retention_policy=failed")
QUIET = ("-p", "no:randomly", "-p", "no:cacheprovider", "-q", "-x", "--tb=short", "--capture=no", *UNREWRITTEN, *TIDY)
LOG = ROOT / "build/mutation/session.log"


def folder_of(process: int) -> Path:
    """Name the folder of a process's tests. pytest's own numbered ones fall to any other pytest on the machine."""
    return Path(tempfile.gettempdir()) / f"ecert-mutation-{process}"


def main(tests: Sequence[str], plugins: Sequence[object]) -> int:
    """Run pytest here, in this process's own folder; whoever buries the process removes that."""
    return int(pytest.main([*QUIET, "--basetemp", str(folder_of(os.getpid())), *tests], plugins=plugins))


def run(
    mutants: Sequence[Mutant], *, tests: Sequence[str], children: int, until: float, tell: Callable[[Outcome], None]
) -> None:
    """Try `mutants` against `tests` in a process of their own, so that the next session imports everything anew."""

    def session() -> int:
        watcher = covering.begin(ROOT, sorted({mutant.path for mutant in mutants}))
        return main(tests, [_Trial(watcher, partial(try_all, mutants, children=children, until=until, tell=tell))])

    apart(session)


def apart(work: Callable[[], int]) -> None:
    """Do `work` in a forked process whose words go to the log; break off if it does not return 0."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        shutil.rmtree(folder_of(child), ignore_errors=True)
        if status:
            message = f"a session of mutants broke off; {LOG.relative_to(ROOT)} says why"
            raise SystemExit(message)
        return
    code = 1
    try:
        into(LOG)
        code = work()
    except BaseException:  # noqa: BLE001 - the child says why before it ends
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def into(log: Path) -> None:
    """Send what pytest and the tests print into a file."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)


class Steady:
    """Makes hypothesis the same every time: no stored examples, no shrinking, draws from the test's own name."""

    def __init__(self, examples: int = 100) -> None:
        self._examples = examples

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Load the profile after conftest chose the house's and before any test file reads it."""
        phases = (Phase.explicit, Phase.generate)
        house = settings.get_profile("house")
        steady = settings(house, database=None, derandomize=True, phases=phases, max_examples=self._examples)
        settings.register_profile("mutation", steady)
        settings.load_profile("mutation")


class _Trial(Steady):
    def __init__(self, watcher: object, try_with: Callable) -> None:
        super().__init__()
        self._watcher, self._try_with = watcher, try_with

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of the ordinary loop; collection is done."""
        if session.testsfailed:
            message = "the tests cannot be collected"
            raise SystemExit(message)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # once, before any worker asks
        found = covering.cover(self._watcher, ROOT, session.items)
        self._try_with(items=session.items, covering=found)
        return True
