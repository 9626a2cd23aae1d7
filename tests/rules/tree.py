"""The source tree as the rules read it: as text and syntax alone, so that a planted copy is judged like it."""

from __future__ import annotations

import ast
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = ("ecert", "contracts", "ledger", "issuer", "wallet_codes", "verifier")
MADE = {".git", ".venv", "node_modules", "build", "dist", "var", "__pycache__", ".hypothesis"}
"""Folders that no one writes by hand; caches are those that begin with a dot and end in _cache."""


def files(*suffixes: str, under: tuple[str, ...] = (".",)) -> list[Path]:
    """Return the hand-written files below `under` that end in one of `suffixes` (all, if none), sorted."""
    found = {path for start in under for path in _walk(ROOT / start)}
    return sorted(path for path in found if not suffixes or path.name.endswith(suffixes))


def product() -> list[Path]:
    """Return the Python files of the product's packages."""
    return files(".py", under=PACKAGES)


def name(path: Path) -> str:
    """Return the path as a reader of a failing test wants it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def listed_codes() -> set[str]:
    """Return every code of ecert/domain/reasons/*.toml."""
    tables = files(".toml", under=("ecert/domain/reasons",))
    return {code for table in tables for code in tomllib.loads(table.read_text("utf-8"))}


def syntax(path: Path) -> ast.Module:
    """Return the file's syntax tree."""
    return ast.parse(path.read_text("utf-8"), name(path))


def _walk(start: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(start):
        folders[:] = [child for child in folders if not _is_made(child)]
        yield from (Path(folder, child) for child in names)


def _is_made(folder: str) -> bool:
    return folder in MADE or folder.endswith(".egg-info") or (folder[0] == "." and folder.endswith("_cache"))
