"""Every code that the house utters has its sentence, every sentence its code, and no code ever vanishes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.rules import tree
from tests.rules.freeze import FROZEN, frozen_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTS = {"EcertError", "Malformed", "NotAllowed", "NotFound", "Conflict", "Unavailable", "Finding"}
CODE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
FILES = (".toml", ".json", ".html", ".bin", ".sqlite", ".py")


def test_every_code_in_the_source_is_listed() -> None:
    uttered = {code: tree.name(path) for path in tree.product() for code in _uttered(tree.syntax(path))}
    listed = tree.listed_codes()

    assert {code: path for code, path in uttered.items() if code not in listed} == {}


def test_every_listed_code_is_used() -> None:
    sources = [p for p in tree.files(".py", ".toml", under=tree.PACKAGES) if p.parent.name != "reasons"]
    text = "\n".join(path.read_text("utf-8") for path in sources)

    assert {code for code in tree.listed_codes() if f'"{code}"' not in text} == set()


def test_a_code_stands_in_one_table() -> None:
    tables = tree.files(".toml", under=("ecert/domain/reasons",))
    keys = re.findall(r'(?m)^"([^"]+)"\s*=', "\n".join(table.read_text("utf-8") for table in tables))

    assert sorted(keys) == sorted(tree.listed_codes())


def test_a_frozen_code_never_vanishes() -> None:
    assert frozen_codes() - tree.listed_codes() == set()


def test_every_listed_code_is_frozen() -> None:
    unfrozen = tree.listed_codes() - frozen_codes()

    assert unfrozen == set(), f"python -m tests.rules.freeze adds them to {FROZEN.name}"


def _uttered(module: ast.Module) -> Iterator[str]:
    """Yield the literal codes given to the error roots and to findings, by place or as `code=`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if _called(node.func) in ROOTS:
                given += node.args[:3]  # an error's code comes first, a finding's third
            yield from filter(_is_code, (literal for value in given for literal in _literals(value)))


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literals(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _literals(body)
            yield from _literals(orelse)


def _is_code(text: str) -> bool:
    return CODE.fullmatch(text) is not None and not text.endswith(FILES)
