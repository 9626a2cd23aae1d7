"""Every code that the house utters has its sentence, every sentence its code, and no code ever vanishes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.rules import tree
from tests.rules.freeze import FROZEN, frozen_codes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
OTHERS = ("ecert.", "evm.", "http.")
"""Dotted words that are no codes: modules and scopes of ours, compiler output, ASGI messages."""
FILES = (".toml", ".json", ".html", ".css", ".js", ".bin", ".sqlite", ".py", ".pem", ".key")


def test_every_code_in_the_source_is_listed() -> None:
    uttered = {code: tree.name(path) for path in _sources() for code in _uttered(tree.syntax(path))}
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


def _sources() -> list[Path]:
    return [path for path in tree.product() if "migrations" not in path.parts]


def _uttered(module: ast.Module) -> Iterator[str]:
    """Yield every literal of a code's form, but for the events that are logged and the columns of foreign keys."""
    others = {id(value) for node in ast.walk(module) if isinstance(node, ast.Call) for value in _no_codes(node)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            yield from filter(_is_code, [node.value])


def _no_codes(call: ast.Call) -> list[ast.expr]:
    keys = [keyword.value for keyword in call.keywords if keyword.arg == "foreign_key"]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return [*keys, *call.args[:1]] if name in {"log", "ForeignKey"} else keys


def _is_code(text: str) -> bool:
    return CODE.fullmatch(text) is not None and not text.endswith(FILES) and not text.startswith(OTHERS)
