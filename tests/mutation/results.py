"""What was found so far, one line of JSON a mutant, so that a broken-off run goes on where it stopped.

A kill holds while the test that did it reads as it did; a survival while no test file of its suite changes.
"""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.mutation.mutants import Mutant
    from tests.mutation.trying import Outcome

KEPT = Path("build/mutation/results.jsonl")


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant's fate, the test that noticed it, and the digest of the tests that this depends on."""

    key: str
    fate: str
    by: str
    tests: str


class Results:
    """The kept results; adding one writes it at once."""

    def __init__(self, kept: Path = KEPT) -> None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        self._kept = kept
        lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
        self._by_key = {result.key: result for result in (Result(**json.loads(line)) for line in lines)}

    def of(self, mutant: Mutant, tests: Sequence[str]) -> Result | None:
        """Return what is known of a mutant and still holds."""
        result = self._by_key.get(context(mutant))
        return result if result and result.tests == _depends(result.by, tests) else None

    def add(self, outcome: Outcome, tests: Sequence[str]) -> None:
        """Keep an outcome."""
        result = Result(context(outcome.mutant), outcome.fate, outcome.by, _depends(outcome.by, tests))
        self._by_key[result.key] = result
        with self._kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: getattr(result, name) for name in Result.__slots__}) + "\n")


def context(mutant: Mutant) -> str:
    """Name a mutant together with its function or class: any edit of that asks anew."""
    return hashlib.sha256(f"{mutant.path}\n{mutant.key}\n{mutant.statement}".encode()).hexdigest()[:20]


def _depends(by: str, tests: Sequence[str]) -> str:
    file, separator, test = by.partition("::")
    if separator:
        return _digest(_function(file, test.partition("[")[0]))
    return by or _digest(_text(tuple(tests)))


@lru_cache(maxsize=4096)
def _function(file: str, name: str) -> bytes:
    """Return the text of one test, nothing if it is gone."""
    found = (node for node in _tree(file).body if getattr(node, "name", None) == name)
    return b"".join(ast.dump(node).encode() for node in found)


@lru_cache(maxsize=256)
def _tree(file: str) -> ast.Module:
    path = Path(file)
    return ast.parse(path.read_text("utf-8") if path.exists() else "")


@lru_cache(maxsize=8)
def _text(paths: tuple[str, ...]) -> bytes:
    """Return the text of Python files and of all below folders."""
    files = sorted(
        file for path in paths for file in ([Path(path)] if path[-3:] == ".py" else Path(path).rglob("*.py"))
    )
    return b"".join(file.read_bytes() for file in files if file.exists())


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:12]
