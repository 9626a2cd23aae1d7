"""The seeded list of kills: every name at every moment, again and again, some while the house is still recovering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from random import Random
from typing import Final

from tests.crash.watching import Strike

__all__ = ["FOUNDING", "Run", "full", "short"]

Moments = Mapping[str, tuple[str, ...]]
"""At which moments a process is killed at each name: `naming.MOMENTS`, or a network's."""

SEED: Final = 20_261_122
FOUNDING: Final = ("schema.make", "chain.bind", "act.queue", "send.final", "block.commit", "key.make")
"""What is written while a chain is founded; the first two at no other time."""
_ONLY_FOUNDING: Final = frozenset({"schema.make", "chain.bind"})
_RARE: Final = frozenset(
    {
        "mutable.store",
        "objection.store",
        "key.make",
        "key.note",
        "answers.purge",
        "codes.purge",
        "nonces.purge",
        "callback.subscribe",
        "callback.end",
        "callback.drop",
        "callbacks.purge",
        "send.final",
        "light.keep",
    }
)
"""What happens seldom in a day's work: the first time is the one to die at."""
_LONGEST: Final = 0.003
"""Seconds: about as long as a commit takes."""
_RECOVERING: Final = ("block.commit", "send.final", "anchor.final", "replica.records", "replica.header", "audit.close")


@dataclass(frozen=True, slots=True)
class Run:
    """One house's misfortune: what it does, where it dies, and perhaps where it dies again while it recovers."""

    number: int
    seed: int
    strike: Strike
    founding: bool = False
    again: Strike | None = None


def full(moments: Moments, *, least: int) -> list[Run]:
    """Give at least so many kills, every name at every moment equally often, and those of a founding."""
    pairs = [(name, moment) for name in moments for moment in moments[name] if name not in _ONLY_FOUNDING]
    founding = list(_founding(moments))
    times = -(-(least - len(founding)) // len(pairs))
    draw = Random(SEED)  # noqa: S311 — a seeded list of kills, no secret
    return [*founding, *islice(_runs(draw, moments, pairs * times, len(founding)), len(pairs) * times)]


def short(moments: Moments) -> list[Run]:
    """Give one kill at every name."""
    draw = Random(SEED)  # noqa: S311 — likewise
    names = [name for name in moments if name not in _ONLY_FOUNDING]
    pairs = [(name, moments[name][place % len(moments[name])]) for place, name in enumerate(names)]
    founding = [
        run for run in _founding(moments) if run.strike.name in _ONLY_FOUNDING and run.strike.moment == "before"
    ]
    return [*founding, *_runs(draw, moments, pairs, len(founding))]


def _founding(moments: Moments) -> Iterator[Run]:
    number = count()
    for name in FOUNDING if "block.commit" in moments else sorted(_ONLY_FOUNDING):
        for moment in moments[name]:
            nth = 1 if name in _ONLY_FOUNDING else 3
            yield Run(next(number), 0, Strike(name, moment, nth, _LONGEST / 2), founding=True)


def _runs(draw: Random, moments: Moments, pairs: list[tuple[str, str]], first: int) -> Iterator[Run]:
    often = [name for name in _RECOVERING if name in moments]
    for number, (name, moment) in enumerate(pairs, first):
        strike = Strike(name, moment, 1 if name in _RARE else draw.choice((1, 1, 2, 3)), draw.uniform(0, _LONGEST))
        recovering = draw.choice(often)
        second = Strike(recovering, draw.choice(moments[recovering]), draw.choice((1, 2)), draw.uniform(0, _LONGEST))
        yield Run(number, draw.randrange(10**6), strike, again=second if draw.random() < 1 / 4 else None)
