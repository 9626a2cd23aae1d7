"""The table: on the screen, between its marks in docs/performance.md, and as JSON in var/."""

from __future__ import annotations

import os
import platform
import subprocess
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from bench.timing import Row

__all__ = ["PAGE", "ROOT", "circumstances", "marks", "publish", "show"]

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
_HEAD: Final = ("what", "median", "unit", "ratio to", "ratio", "aim", "met")
_MANY: Final = 1000


def show(rows: Sequence[Row]) -> str:
    """Give the table in aligned columns."""
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(_HEAD))]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def publish(rows: Sequence[Row], *, name: str = "bench") -> None:
    """Write the page's table of that name and var/<name>.json."""
    (ROOT / "var").mkdir(exist_ok=True)
    listed = orjson.dumps([row.as_json() for row in rows], option=orjson.OPT_INDENT_2)
    (ROOT / "var" / f"{name}.json").write_bytes(listed)
    begin, end = marks(name)
    before, rest = PAGE.read_text("utf-8").split(begin)
    _, after = rest.split(end)
    table = "\n".join("| " + " | ".join(line) + " |" for line in (_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)))
    PAGE.write_text(f"{before}{begin}{circumstances()}\n\n{table}\n{end}{after}", "utf-8")


def marks(name: str) -> tuple[str, str]:
    """Give the lines of the page between which a table stands."""
    return f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"


def _cells(row: Row) -> tuple[str, ...]:
    met = "" if row.met is None else ("yes" if row.met else "no")
    ratio = "" if row.ratio is None else _number(row.ratio)
    return (row.name, _number(row.median), row.unit, row.yardstick or "", ratio, row.aim or "", met)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= _MANY else f"{value:.3g}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def circumstances() -> str:
    """Say when, at which commit and on what."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own
    day = datetime.now(UTC).date().isoformat()
    load = os.getloadavg()[1]
    return (
        f"Run on {day} at {commit or 'no commit'}: {_processors()}, Python {platform.python_version()}, "
        f"load {load:.0f} over the last five minutes (2 would be this benchmark alone)."
    )


def _processors() -> str:
    lines = Path("/proc/cpuinfo").read_text("ascii").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} shared cores ({models[0]})"
