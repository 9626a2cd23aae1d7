"""`make mutation`: try every mutant that is not yet known, then say which survive and are not answered."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation import answers, importing, report, session, typed
from tests.mutation.control import control_of, is_control
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.report import ANSWERED, REFUSED, UNTRIED, Judged
from tests.mutation.results import Results
from tests.mutation.trying import SURVIVED, TOO_EARLY, Outcome, clock

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAIN_TESTS = (
    "tests/unit/domain",
    *(f"tests/properties/test_{name}.py" for name in ("catalogue_lists", "certificate", "codes", "identifiers")),
    *(f"tests/properties/test_{name}.py" for name in ("merkle", "receipt", "status", "strict")),
)
SUITES = {
    "verifier/checks": ("tests/unit/verifier", "tests/properties/test_verdict.py"),
    "ecert/domain": DOMAIN_TESTS,
}
"""What is mutated, and the tests that have to notice: those of the room itself."""


def main() -> int:
    """Try, judge, report; 1 if a survivor is neither killed nor answered, or a mutant was not tried."""
    asked = _arguments()
    judged = []
    for folder, tests in SUITES.items():
        files = [file for file in _files(folder) if _is_asked(file, asked.only)]
        mutants = [mutant for file in files for mutant in mutants_of(Path(file), name=file)]
        if not asked.report:
            _try(mutants, tests, asked.children)
        judged += _judge(mutants, tests)
    survivors = [each.mutant for each in judged if each.end in {SURVIVED, ANSWERED}]
    files = {each.mutant.path for each in judged}
    return 0 if report.write(judged, answers.read().needless(survivors, files)) else 1


def _try(mutants: Sequence[Mutant], tests: Sequence[str], children: int) -> None:
    results = Results()
    unknown = [mutant for mutant in mutants if results.of(mutant, tests) is None]
    if unknown:
        controls = [each for path in _paths(unknown) for each in control_of(Path(path), name=path)]
        session.run([*controls, *unknown], tests=tests, children=children, tell=_Teller(results, tests, len(unknown)))
    results = Results()
    early = _with_fate(TOO_EARLY, mutants, results, tests)
    importing.try_all(early, tests=tests, children=children, tell=_Teller(results, tests, len(early)))
    survivors = _with_fate(SURVIVED, mutants, results, tests)
    refused = typed.refused(survivors)
    for mutant in survivors:
        if mutant.key in refused:
            results.add(Outcome(mutant, REFUSED, "mypy"), tests)


def _judge(mutants: Sequence[Mutant], tests: Sequence[str]) -> list[Judged]:
    results, answered = Results(), answers.read()
    judged = []
    for mutant in mutants:
        known = results.of(mutant, tests)
        end = known.fate if known and known.fate != TOO_EARLY else UNTRIED
        judged.append(Judged(mutant, ANSWERED if end == SURVIVED and answered.to(mutant) else end))
    return judged


def _with_fate(fate: str, mutants: Sequence[Mutant], results: Results, tests: Sequence[str]) -> list[Mutant]:
    return [mutant for mutant in mutants if (known := results.of(mutant, tests)) and known.fate == fate]


class _Teller:
    """Keeps each outcome and says now and then how far the run has come."""

    def __init__(self, results: Results, tests: Sequence[str], count: int) -> None:
        self._results, self._tests, self._count, self._done = results, tests, count, 0
        self._words = os.fdopen(os.dup(1), "w", buffering=1)

    def __call__(self, outcome: Outcome) -> None:
        if is_control(outcome.mutant):
            if outcome.fate not in {SURVIVED, TOO_EARLY}:
                message = f"a control is {outcome.fate}: {outcome.mutant.path} {outcome.mutant.function} {outcome.by}"
                raise SystemExit(message)
            return
        self._results.add(outcome, self._tests)
        self._done += 1
        if self._done % 100 == 0 or self._done == self._count:
            self._words.write(f"{clock()} {self._done} of {self._count}, in {outcome.mutant.path}\n")


def _paths(mutants: Sequence[Mutant]) -> list[str]:
    return list(dict.fromkeys(mutant.path for mutant in mutants))


def _files(folder: str) -> list[str]:
    return sorted(path.as_posix() for path in Path(folder).rglob("*.py"))


def _is_asked(file: str, only: Sequence[str]) -> bool:
    return not only or any(part in file for part in only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("only", nargs="*", help="parts of paths: only mutants of such files")
    parser.add_argument("--since", metavar="COMMIT", help="only mutants of files that differ from this commit")
    parser.add_argument("--children", type=int, default=2, help="how many mutants at a time")
    parser.add_argument("--report", action="store_true", help="try nothing, report what is known")
    asked = parser.parse_args()
    if asked.since:
        changed = subprocess.run(
            ["git", "diff", "--name-only", asked.since], capture_output=True, text=True, check=True
        )
        asked.only = [*asked.only, *changed.stdout.split()] or ["nothing changed"]
    return asked


if __name__ == "__main__":
    sys.exit(main())
