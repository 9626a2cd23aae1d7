"""`make mutation`: try every mutant that is not yet known, then say which survive and are not answered."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation import answers, importing, report, session, short, typed
from tests.mutation.control import control_of, is_control
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.report import ANSWERED, REFUSED, UNTRIED, Judged
from tests.mutation.results import Results
from tests.mutation.trying import SURVIVED, TOO_EARLY, Outcome, clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    files = [file for folder in SUITES for file in _files(folder, asked.only)]
    changed = _changed(asked.since, files) if asked.since else None
    mutants = _mutants(files) if changed is None else _short(changed, files)
    judged = []
    until = math.inf if changed is None else time.monotonic() + short.SECONDS
    for folder, tests in SUITES.items():
        own = [mutant for mutant in mutants if mutant.path.startswith(folder)]
        if not asked.report:
            _try(own, tests, asked.children, until)
        judged += _judge(own, tests)
    survivors = [each.mutant for each in judged if each.end in {SURVIVED, ANSWERED}]
    needless = answers.read().needless(survivors, files if changed is None else [])
    return 0 if report.write(judged, needless, excused=lambda each: _is_excused(each, changed)) else 1


def _is_excused(judged: Judged, changed: short.Changed | None) -> bool:
    """Tell whether a short run need not answer for what is open: it had no time for it, or its lines did not change."""
    if changed is None:
        return False
    return judged.end == UNTRIED or (judged.end == SURVIVED and not short.touches(judged.mutant, changed))


def _changed(commit: str, files: Sequence[str]) -> short.Changed:
    changed = short.changed_since(commit)
    if changed is None:
        _say(f"{commit} is not in this clone's history: a sample of all files is tried, and no survivor is new.")
        return {file: set() for file in files}
    return changed


def _short(changed: short.Changed, files: Sequence[str]) -> list[Mutant]:
    """Choose what a short run tries, and say what it leaves out. What is answered would survive: it is not tried."""
    answered = answers.read()
    mutants = _mutants(file for file in files if file in changed)
    unanswered = [mutant for mutant in mutants if not answered.to(mutant)]
    chosen = short.sample(unanswered, changed)
    how = "" if len(chosen) == len(unanswered) else ", those on changed lines first, the others by their digests"
    _say(
        f"{len(_paths(mutants))} files of {' and '.join(SUITES)} are in question and have {len(mutants)} mutants, "
        f"{len(mutants) - len(unanswered)} of them answered; this short run tries {len(chosen)}{how}, "
        f"and begins none after {short.SECONDS} s."
    )
    return chosen


def _try(mutants: Sequence[Mutant], tests: Sequence[str], children: int, until: float) -> None:
    results = Results()
    unknown = [mutant for mutant in mutants if results.of(mutant, tests) is None]
    if unknown:
        controls = [each for path in _paths(unknown) for each in control_of(Path(path), name=path)]
        tell = _Teller(results, tests, len(unknown))
        session.run([*controls, *unknown], tests=tests, children=children, until=until, tell=tell)
    _refuse(mutants, tests)
    early = _with_fate({TOO_EARLY}, mutants, Results(), tests)
    tell = _Teller(results, tests, len(early))
    importing.try_all(early, tests=tests, children=children, until=until, tell=tell)


def _refuse(mutants: Sequence[Mutant], tests: Sequence[str]) -> None:
    """Mark what mypy refuses, before the slow tests: it reads a mutant in a tenth of a second."""
    results = Results()
    asked = _with_fate({TOO_EARLY, SURVIVED}, mutants, results, tests)
    refused = typed.refused(asked)
    for mutant in asked:
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


def _with_fate(fates: set[str], mutants: Sequence[Mutant], results: Results, tests: Sequence[str]) -> list[Mutant]:
    return [mutant for mutant in mutants if (known := results.of(mutant, tests)) and known.fate in fates]


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


def _files(folder: str, only: Sequence[str]) -> list[str]:
    """List the files whose path holds one of the words `only`, in the order of the words; all if there are none."""
    files = sorted(path.as_posix() for path in Path(folder).rglob("*.py"))
    return list(dict.fromkeys(file for part in only for file in files if part in file)) if only else files


def _mutants(files: Iterable[str]) -> list[Mutant]:
    return [mutant for file in files for mutant in mutants_of(Path(file), name=file)]


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the command's own word


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("only", nargs="*", help="parts of paths: only mutants of such files")
    parser.add_argument("--since", metavar="COMMIT", help="a short run: mutants of files that differ from it")
    parser.add_argument("--children", type=int, default=2, help="how many mutants at a time")
    parser.add_argument("--report", action="store_true", help="try nothing, report what is known")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
