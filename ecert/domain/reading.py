"""The house's lists are TOML and are read strictly: a key that nobody asked for is a mistake, not a comment.

TOML 1.0. Each list is also a release whose SHA-256 stands on chain, so every reader starts from bytes.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final, TypeVar

from ecert.domain.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
L = TypeVar("L", bound=str)

_LARGEST: Final = 4 * 1024 * 1024
_LARGEST_SIZE: Final = 10_000
_MOST_DOTS: Final = 64


class Table:
    """A TOML table whose keys are taken one by one; `end` refuses what is left."""

    def __init__(self, value: object, *, code: str, where: str) -> None:
        """Keep a copy; `code` is the list's Malformed code and `where` names the table in its details."""
        self._code = code
        self.where = where
        if not isinstance(value, dict):
            raise self.fault("is no table")
        self._rest: dict[str, object] = dict(value)

    def take(self, key: str, kind: type[T]) -> T:
        """Take a value that must be there and be exactly a `kind` (an integer is no boolean)."""
        value = self._rest.pop(key, None)
        if type(value) is not kind:
            raise self.fault(f"{key} is missing or no {kind.__name__}")
        return value

    def may(self, key: str, kind: type[T]) -> T | None:
        """Take a value that may be absent."""
        return self.take(key, kind) if key in self._rest else None

    def each(self, key: str, kind: type[T]) -> tuple[T, ...]:
        """Take a list of `kind`; absent is empty."""
        values = self.may(key, list) or []
        if not all(type(value) is kind for value in values):
            raise self.fault(f"{key} is no list of {kind.__name__}")
        return tuple(values)

    def choice(self, key: str, choices: Iterable[L]) -> L:
        """Take a text that must be one of the choices, and give it their type."""
        return self.chosen(self.take(key, str), choices)

    def chosen(self, text: str, choices: Iterable[L]) -> L:
        """Give the choice that equals the text."""
        for choice in choices:
            if choice == text:
                return choice
        raise self.fault(f"{text!r} is not among its choices")

    def size(self, key: str) -> int:
        """Take an integer in 1..10000."""
        number = self.take(key, int)
        if not 1 <= number <= _LARGEST_SIZE:
            raise self.fault(f"{key} is out of bounds")
        return number

    def may_size(self, key: str) -> int | None:
        """Take an integer in 1..10000 that may be absent."""
        return self.size(key) if key in self._rest else None

    def tables(self, key: str) -> tuple[Table, ...]:
        """Take a list of tables; absent is empty."""
        return tuple(
            Table(value, code=self._code, where=f"{self.where}.{key}[{place}]")
            for place, value in enumerate(self.each(key, dict))
        )

    def table(self, key: str) -> Table:
        """Take a table that must be there."""
        return Table(self.take(key, dict), code=self._code, where=f"{self.where}.{key}")

    def names(self) -> tuple[str, ...]:
        """List the keys not yet taken, where a table's keys are names."""
        return tuple(self._rest)

    def end(self) -> None:
        """Refuse keys that nobody took."""
        if self._rest:
            raise self.fault(f"has unknown keys {sorted(self._rest)}")

    def fault(self, what: str) -> Malformed:
        """Make the list's error, naming the place."""
        return Malformed(self._code, f"{self.where} {what}"[:200])


def parse_toml(source: object, *, code: str) -> Table:
    """Read bytes of at most 4 MiB as a TOML document; Malformed(code) for anything else."""
    if not isinstance(source, bytes) or len(source) > _LARGEST:
        raise Malformed(code, "no bytes, or too many")
    # The reader's time grows with the square of a dotted key's length, and such a key stands on one line.
    if any(line.count(b".") > _MOST_DOTS for line in source.splitlines()):
        raise Malformed(code, "too many dots on one line")
    try:
        return Table(tomllib.loads(source.decode("utf-8")), code=code, where="list")
    except (ValueError, RecursionError):
        raise Malformed(code, "no TOML") from None
