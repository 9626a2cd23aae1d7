"""Controls: changes that change nothing. A run in which one of them is killed proves nothing about the others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.mutation.mutants import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def controls_of(path: Path, *, name: str) -> list[Mutant]:
    """Return one control for each function: the same code after an assignment that nobody reads."""
    lines = path.read_text("utf-8").splitlines()
    return [
        _control(name, function, body, lines) for function, body in _functions(ast.parse("\n".join(lines)).body, "")
    ]


def _control(name: str, function: str, body: list[ast.stmt], lines: list[str]) -> Mutant:
    first = body[1] if len(body) > 1 and isinstance(body[0], ast.Expr) else body[0]
    indent = " " * first.col_offset
    changed = [*lines[: first.lineno - 1], f"{indent}_unread = 0", *lines[first.lineno - 1 :]]
    span = (first.lineno, body[-1].end_lineno or first.lineno)
    return Mutant(name, function, first.lineno, span, "", "_unread = 0", function, "\n".join(changed) + "\n")


def _functions(body: list[ast.stmt], within: str) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield within + node.name, node.body
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{within}{node.name}.")
