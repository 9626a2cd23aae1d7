"""The seeded list of rounds: which validators fall, when, for how long, and what else is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

__all__ = ["ERA", "Kind", "Round", "full", "short"]

SEED: Final = 20_261_122
ROUNDS: Final = 50
ERA: Final = 5
"""So many rounds go on with one house on one chain; the last of them ends with a restore."""
_VALIDATORS: Final = range(4)


class Kind(StrEnum):
    """What falls."""

    ONE = "one"
    WIPED = "one, wiped"
    TWO = "two"
    ALL = "all four"


_FALLING: Final = {Kind.ONE: 1, Kind.WIPED: 1, Kind.TWO: 2, Kind.ALL: 4}
_OFTEN: Final = (Kind.ONE, Kind.ONE, Kind.WIPED, Kind.TWO, Kind.TWO, Kind.ALL)
_DOWN: Final = {Kind.ONE: 8.0, Kind.WIPED: 8.0, Kind.TWO: 6.0, Kind.ALL: 4.0}
"""Seconds that they stay down."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round: `before` and `after` are seconds of work before the fall and after all is well again."""

    number: int
    kind: Kind
    falling: tuple[int, ...]
    before: float
    after: float
    is_last: bool

    @property
    def seed(self) -> int:
        """What the service's work is drawn from."""
        return SEED + self.number

    @property
    def down(self) -> float:
        """Seconds that the validators stay down."""
        return _DOWN[self.kind]

    @property
    def is_standing(self) -> bool:
        """Whether the chain stands meanwhile: less than three validators are left."""
        return len(self.falling) > 1


def full() -> list[Round]:
    """Give fifty rounds."""
    return list(_rounds([None] * ROUNDS))


def short() -> list[Round]:
    """Give three: a validator wiped, two killed, all killed and the deployment restored."""
    return list(_rounds([Kind.WIPED, Kind.TWO, Kind.ALL]))


def _rounds(kinds: list[Kind | None]) -> Iterator[Round]:
    draw = Random(SEED)  # noqa: S311 — a seeded list of falls, no secret
    for number, told in enumerate(kinds):
        kind = told or draw.choice(_OFTEN)
        falling = tuple(draw.sample(_VALIDATORS, _FALLING[kind]))
        is_last = number + 1 == len(kinds) or (number + 1) % ERA == 0
        yield Round(number, kind, falling, draw.uniform(0, 2), draw.uniform(0, 1), is_last)
