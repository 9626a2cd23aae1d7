"""What the demonstration prints: its stories, a line of progress, one table, and a summary in two languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from ecert.app.demo.cases import Case
from ecert.app.demo.expectations import NOT_RUN, Expectation
from ecert.app.demo.places import place_of
from verifier.findings import Verdict

__all__ = ["Teller", "table"]

_VERDICTS: Final[Mapping[str, str]] = {
    **{verdict.value: f"{verdict.zh} {verdict.en}" for verdict in Verdict},
    NOT_RUN: "未运行 not run",
}
_HEAD: Final = (
    "",
    "名称 name",
    "证照 certificate",
    "算法 suite",
    "亮证 shown by",
    "窗口 window",
    "结论 verdict",
    "依据 finding",
)


@dataclass(slots=True)
class Teller:
    """Prints for people on `out`, unless `out` is for JSON alone, and progress on `progress`."""

    out: TextIO | None
    progress: TextIO
    rows: int = 0
    shown: int = 0

    def say(self, *lines: str) -> None:
        """Print lines for people."""
        if self.out is not None:
            print(*lines, sep="\n", file=self.out, flush=True)

    def step(self, zh: str, en: str) -> None:
        """Say what is being done now."""
        print(f"· {zh} / {en}", file=self.progress, flush=True)

    def row(self, expectation: Expectation) -> None:
        """Count a row, and name it."""
        self.shown += 1
        mark = "ok" if expectation.held else expectation.got
        end = "\r" if self.progress.isatty() and expectation.held else "\n"
        line = f"  [{self.shown:3}/{self.rows}] {expectation.name}: {mark}"
        print(f"{line:<78}", end=end, file=self.progress, flush=True)


def table(rows: Iterable[tuple[Case, Expectation]]) -> list[str]:
    """Lay the rows out; a Chinese character is two columns wide."""
    cells = [_HEAD, *(_cells(case, expectation) for case, expectation in rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(_padded(text, width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [lines[0], "─" * sum([*widths, 2 * len(widths)]), *lines[1:]]


def _cells(case: Case, expectation: Expectation) -> tuple[str, ...]:
    missed = "" if expectation.held or expectation.got == NOT_RUN else f" ≠ {_VERDICTS[expectation.expected]}"
    return (
        "✓" if expectation.held else ("–" if expectation.got == NOT_RUN else "✗"),
        case.name,
        f"{case.want.type_no:02} {case.want.kind.zh}",
        case.want.suite,
        f"{case.code.code_zh} {case.way}" if case.code else "证照文件 file",
        place_of(case.accept).name,
        _VERDICTS[expectation.got] + missed,
        case.finding,
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str | Sequence[str]) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
