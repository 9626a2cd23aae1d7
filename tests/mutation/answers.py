"""Answers to survivors: why a change that no test notices is none that a test should notice (answers.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.mutation.mutants import Mutant

WRITTEN = Path(__file__).with_name("answers.toml")


@dataclass(frozen=True, slots=True)
class Answer:
    """One change, named by its words, and why it may stand."""

    file: str
    function: str
    was: str
    became: str
    why: str


class Answers:
    """All answers; each is asked for by the mutant that it answers."""

    def __init__(self, text: str) -> None:
        """Read the answers; one `why` covers all `changes` of one function."""
        answers = [
            Answer(entry["file"], entry.get("function", ""), change["was"], change["became"], entry["why"])
            for entry in tomllib.loads(text).get("answer", [])
            for change in entry["changes"]
        ]
        self._by_change = {(a.file, a.function, a.was.strip(), a.became.strip()): a for a in answers}

    def to(self, mutant: Mutant) -> Answer | None:
        """Return the answer to a survivor, if it has one."""
        return self._by_change.get((mutant.path, mutant.function, mutant.was.strip(), mutant.became.strip()))

    def needless(self, survivors: Iterable[Mutant], files: Iterable[str]) -> list[Answer]:
        """Return the answers about `files` that no survivor needs any more."""
        needed = {answer for mutant in survivors if (answer := self.to(mutant))}
        return [answer for answer in self._by_change.values() if answer.file in set(files) and answer not in needed]


def read() -> Answers:
    """Read answers.toml."""
    return Answers(WRITTEN.read_text("utf-8"))
