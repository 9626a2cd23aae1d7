"""How a command answers: text or JSON on one stream, and an exit code that a script can act on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TextIO

import orjson

from ecert.domain.errors import Conflict, EcertError, NotAllowed, Unavailable
from ecert.domain.reasons import explain

__all__ = ["AWAY", "BAD_INPUT", "DONE", "REFUSED", "answer"]

DONE: Final = 0
REFUSED: Final = 1
AWAY: Final = 2
BAD_INPUT: Final = 3

_REFUSALS: Final = {"ledger.refused", "ledger.not_admin"}
"""By the contract, and by the server that holds the chain; any other NotAllowed is about what was typed."""


def answer(args: argparse.Namespace, out: TextIO, work: Callable[[], Mapping[str, object]]) -> int:
    """Do the work and write what it tells, or its error with code, Chinese and English; return the exit code."""
    try:
        told, code = work(), DONE
    except EcertError as error:
        told, code = _explained(error), _exit_code(error)
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() if args.json else "\n".join(_lines(told))
    out.write(text + "\n")
    return code


def _explained(error: EcertError) -> dict[str, object]:
    reason = explain(error.code)
    return {"error": {"code": error.code, "zh": reason.zh, "en": reason.en, "detail": error.detail}}


def _exit_code(error: EcertError) -> int:
    match error:
        case Unavailable():
            return AWAY
        case Conflict():
            return REFUSED
        case NotAllowed() if error.code in _REFUSALS:
            return REFUSED
        case _:
            return BAD_INPUT


def _lines(told: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Write what JSON would say, a line a fact and a line for each entry of a list."""
    for key, value in told.items():
        match value:
            case Mapping():
                yield f"{indent}{key}"
                yield from _lines(value, indent + "  ")
            case list():
                yield f"{indent}{key}" + ("" if value else ": -")
                yield from (f"{indent}  {_phrase(entry)}" for entry in value)
            case _:
                yield f"{indent}{key}: {_phrase(value)}"


def _enclosed(value: object) -> str:
    return f"({_phrase(value)})" if isinstance(value, Mapping) else _phrase(value)


def _phrase(value: object) -> str:
    match value:
        case Mapping():
            return " · ".join(f"{key} {_enclosed(inner)}" for key, inner in value.items())
        case list():
            return ", ".join(map(_phrase, value)) or "-"
        case None:
            return "-"
        case _:  # a name comes from any member: it may not steer the reader's terminal
            return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
