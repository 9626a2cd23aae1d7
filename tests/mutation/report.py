"""The report of a run: a row for each file, every open survivor by name, and whether the run passes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.trying import BROKEN, ENDLESS, KILLED, SURVIVED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.mutation.answers import Answer
    from tests.mutation.mutants import Mutant

REFUSED, ANSWERED, UNTRIED = "refused", "answered", "untried"
COLUMNS = (KILLED, ENDLESS, REFUSED, ANSWERED, SURVIVED, UNTRIED, BROKEN)
WRITTEN = Path("build/mutation/report.md")


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant and where it ended: one of `COLUMNS`."""

    mutant: Mutant
    end: str


def write(judged: Sequence[Judged], needless: Sequence[Answer], *, excused: Callable[[Judged], bool]) -> bool:
    """Write and print the report; True if nothing is open but what is excused."""
    open_ones = [each for each in judged if each.end in {SURVIVED, UNTRIED, BROKEN}]
    blamed = [each.mutant for each in open_ones if not excused(each)]
    beside = [each.mutant for each in open_ones if excused(each) and each.end == SURVIVED]
    shown = [*_listed(blamed), *(["survivors that were there before:"] if beside else []), *_listed(beside)]
    text = "\n".join([*_table(judged), "", *shown, *_needless(needless)])
    WRITTEN.parent.mkdir(parents=True, exist_ok=True)
    WRITTEN.write_text(text + "\n", "utf-8")
    print(text)  # noqa: T201 - the command's own word
    return not blamed


def _table(judged: Sequence[Judged]) -> list[str]:
    rows = [_row(path, [each for each in judged if each.mutant.path == path]) for path in _paths(judged)]
    head = ["| file | mutants | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * (len(COLUMNS) + 1)]
    return [*head, *rows, _row("all", judged)]


def _row(name: str, judged: Sequence[Judged]) -> str:
    counts = Counter(each.end for each in judged)
    return f"| {name} | {len(judged)} | " + " | ".join(str(counts[column]) for column in COLUMNS) + " |"


def _paths(judged: Sequence[Judged]) -> list[str]:
    return list(dict.fromkeys(each.mutant.path for each in judged))


def _listed(mutants: Sequence[Mutant]) -> list[str]:
    return [f"{m.path}:{m.line} {m.function}\n    - {_shown(m.was)}\n    + {_shown(m.became)}" for m in mutants]


def _needless(answers: Sequence[Answer]) -> list[str]:
    return [f"answered, yet nothing survives: {a.file} {a.function}: {_shown(a.became)}" for a in answers]


def _shown(lines: str) -> str:
    return lines.replace("\n", " ⏎ ")
