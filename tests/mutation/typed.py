"""Which survivors `make check` refuses: mypy --strict reads all in one run, each beside what it changes."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.covering import HOUSE
from tests.mutation.session import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.mutation.mutants import Mutant

COPY = ROOT / "build/mutation/typed"
_END = 100_000


def refused(mutants: Iterable[Mutant]) -> set[str]:
    """Return the keys of those that do not pass mypy: a changed function, or the module where no function changes."""
    by_path, whole = defaultdict(list), []
    for mutant in mutants:
        if mutant.function:
            by_path[mutant.path].append(mutant)
        else:
            whole.append(mutant)
    if not by_path and not whole:
        return set()
    _lay_out()
    places = {path: _write(path, found) for path, found in by_path.items()}
    places |= {_write_module(mutant, number): [(1, _END, mutant.key)] for number, mutant in enumerate(whole)}
    return {
        key
        for path, line in _errors(sorted(places))
        for first, last, key in places.get(path, ())
        if first <= line <= last
    }


def _lay_out() -> None:
    for package in HOUSE:
        shutil.rmtree(COPY / package, ignore_errors=True)
        shutil.copytree(ROOT / package, COPY / package, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))


def _write(path: str, mutants: list[Mutant]) -> list[tuple[int, int, str]]:
    """Write the module with every mutant's function after the true one; return the lines of each."""
    lines = (ROOT / path).read_text("utf-8").splitlines()
    tree = ast.parse("\n".join(lines))
    added = defaultdict(list)
    for mutant in mutants:
        added[_function(tree, mutant.function)[1]].append(mutant)
    written: list[str] = []
    places = []
    for number, line in enumerate(lines, 1):
        written.append(line)
        for count, mutant in enumerate(added[number]):
            copy = _renamed(mutant, f"mutant_{number}_{count}")
            places.append((len(written) + 1, len(written) + len(copy), mutant.key))
            written += copy
    (COPY / path).write_text("\n".join(written) + "\n", "utf-8")
    return places


def _write_module(mutant: Mutant, number: int) -> str:
    """Write the changed module beside the true one; return its path."""
    path = Path(mutant.path).with_name(f"mutant_{number}.py")
    (COPY / path).write_text(mutant.source, "utf-8")
    return path.as_posix()


def _renamed(mutant: Mutant, name: str) -> list[str]:
    first, last = _function(ast.parse(mutant.source), mutant.function)
    old = mutant.function.rpartition(".")[2]
    text = "\n".join(mutant.source.splitlines()[first - 1 : last])
    return text.replace(f"def {old}(", f"def {name}(", 1).splitlines()


def _function(tree: ast.Module, name: str) -> tuple[int, int]:
    body: list[ast.stmt] = tree.body
    for part in name.split("."):
        node = next(node for node in body if getattr(node, "name", None) == part)
        body = node.body  # type: ignore[attr-defined]  # a class or a function has one
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]), node.end_lineno or node.lineno


def _errors(paths: list[str]) -> list[tuple[str, int]]:
    options = ("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(COPY.parent / "mypy"), "--no-pretty")
    said = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *paths], cwd=COPY, capture_output=True, text=True, check=False
    )
    found = (line.split(":", 3) for line in said.stdout.splitlines() if ": error:" in line)
    return [(parts[0], int(parts[1])) for parts in found]
