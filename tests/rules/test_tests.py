"""Tests stay on: none is skipped, none expects to fail, none mocks (a fake passes its port's conformance suite)."""

from __future__ import annotations

import ast

from tests.rules import tree

OFF = {"skip", "skipif", "xfail", "importorskip", "SkipTest"}
MOCKS = {"unittest.mock", "mock", "pytest_mock"}


def test_no_test_is_switched_off() -> None:
    assert [tree.name(path) for path in tree.files(".py", under=("tests",)) if _names(tree.syntax(path)) & OFF] == []


def test_no_test_mocks() -> None:
    assert [
        tree.name(path) for path in tree.files(".py", under=("tests",)) if _imports(tree.syntax(path)) & MOCKS
    ] == []


def _names(module: ast.Module) -> set[str]:
    return {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)}


def _imports(module: ast.Module) -> set[str]:
    nodes = list(ast.walk(module))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    whole = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return plain | {str(n.module) for n in whole} | {f"{n.module}.{a.name}" for n in whole for a in n.names}
