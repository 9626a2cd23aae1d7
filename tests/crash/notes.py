"""What was asked of a house and what it acknowledged, written where its death cannot reach it.

A line is durable before the next step: what was asked before the house is asked, what it told after it has answered.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Act", "Book", "Json", "Notes", "read_book"]

Json = Any
"""What JSON can hold."""


@dataclass(frozen=True, slots=True)
class Act:
    """One request: its kind, its idempotency key and its arguments, as JSON has them."""

    kind: str
    key: str
    about: Mapping[str, Any]


class Notes:
    """Appends to the notes at `path`."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def asked(self, act: Act) -> None:
        self._write(["asked", act.kind, act.key, act.about])

    def told(self, act: Act, answer: object) -> None:
        self._write(["told", act.key, answer])

    def unnamed(self, writes: str) -> None:
        self._write(["unnamed", writes])

    def _write(self, line: list[object]) -> None:
        os.write(self._file, orjson.dumps(line) + b"\n")
        os.fsync(self._file)


@dataclass(slots=True)
class Book:
    """The notes read: acts in their order, answers by their keys, and writes that no rule names."""

    acts: dict[str, Act] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    unnamed: list[str] = field(default_factory=list)

    @property
    def open(self) -> list[Act]:
        """What was asked and not acknowledged."""
        return [act for key, act in self.acts.items() if key not in self.answers]

    def told(self, kind: str) -> list[tuple[Act, Json]]:
        """The acknowledged acts of a kind."""
        return [(act, self.answers[key]) for key, act in self.acts.items() if act.kind == kind and key in self.answers]


def read_book(path: Path) -> Book:
    """Read the notes; none is an empty book."""
    book = Book()
    for line in path.read_bytes().splitlines() if path.exists() else ():
        match orjson.loads(line):
            case ["asked", kind, key, about]:
                book.acts[key] = Act(kind, key, about)
            case ["told", key, answer]:
                book.answers[key] = answer
            case ["unnamed", writes]:
                book.unnamed.append(writes)
    return book
