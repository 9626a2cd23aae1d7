"""Controls: changes that change nothing. A run that kills one breaks off, since its other kills would prove nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.mutation.mutants import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


READ_BY_NOBODY = "_unread = 0"


def control_of(path: Path, *, name: str) -> list[Mutant]:
    """Return the control of the module's first function: the same code after an assignment that nobody reads."""
    return controls_of(path, name=name)[:1]


def control_of_module(path: Path, *, name: str) -> Mutant:
    """Return the control of the module as a whole: the same assignment at its end."""
    text = path.read_text("utf-8")
    return Mutant(name, "", text.count("\n"), (1, 1), "", READ_BY_NOBODY, "", f"{text}\n{READ_BY_NOBODY}\n")


def is_control(mutant: Mutant) -> bool:
    """Tell a control from a mutant."""
    return mutant.became == READ_BY_NOBODY


def controls_of(path: Path, *, name: str) -> list[Mutant]:
    """Return one control for each function."""
    lines = path.read_text("utf-8").splitlines()
    return [
        _control(name, function, body, lines) for function, body in _functions(ast.parse("\n".join(lines)).body, "")
    ]


def _control(name: str, function: str, body: list[ast.stmt], lines: list[str]) -> Mutant:
    first = body[1] if len(body) > 1 and isinstance(body[0], ast.Expr) else body[0]
    indent = " " * first.col_offset
    changed = [*lines[: first.lineno - 1], indent + READ_BY_NOBODY, *lines[first.lineno - 1 :]]
    span = (first.lineno, body[-1].end_lineno or first.lineno)
    return Mutant(name, function, first.lineno, span, "", READ_BY_NOBODY, function, "\n".join(changed) + "\n")


def _functions(body: list[ast.stmt], within: str) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield within + node.name, node.body
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{within}{node.name}.")
