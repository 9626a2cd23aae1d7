"""What a fuzzing target is: something to try with any bytes, and examples that reach deep into it.

A parser keeps its promise if nothing but Malformed, with a listed code, leaves it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from ecert.domain.errors import EcertError, Malformed
from ecert.domain.reasons import REASONS

_DEEPEST = 500
Attempt = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Trial:
    """A target that stands ready: `attempt` raises on a defect alone; `seeds` are valid examples."""

    attempt: Attempt
    seeds: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A target by its name; `ready` sets it up, in its own folder where it needs one. `longest` is in bytes."""

    name: str
    ready: Callable[[], AbstractContextManager[Trial]]
    longest: int = 4096


def plain(name: str, attempt: Attempt, seeds: Iterable[bytes | str], *, longest: int = 4096) -> Target:
    """Make a target that needs no world."""
    ready_seeds = tuple(seed.encode() if isinstance(seed, str) else seed for seed in seeds)

    @contextmanager
    def ready() -> Iterator[Trial]:
        yield Trial(attempt, ready_seeds)

    return Target(name, ready, longest)


def parsed(parse: Callable[[Any], Any], value: object, *, also: tuple[type[EcertError], ...] = ()) -> Any:  # noqa: ANN401 - whatever is parsed
    """Parse; None where it is refused as it may be, by a code that a person can be told."""
    try:
        return parse(value)
    except (Malformed, *also) as fault:
        return listed(fault.code)


def listed(code: str) -> None:
    """Hold a refusal to the codes that a person can be told."""
    assert code in REASONS, code


def text_of(data: bytes) -> str:
    """Make any bytes a text, hostile ones a text with lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def value_of(data: bytes) -> object:
    """Make any bytes a value: JSON as Python reads it, NaN and duplicate names included, or else the text."""
    text = text_of(data)
    if text.count("[") + text.count("{") > _DEEPEST:  # Python's own reader would run out of stack
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
