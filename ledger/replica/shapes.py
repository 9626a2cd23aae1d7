"""What an event that a replica keeps is made of: the artefacts' own types, and the follower's findings.

A record whose checksum is right may still be what no follower wrote; whoever judges must never meet it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from contracts import artifacts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["JUDGEMENTS", "from_json", "has_shape", "to_json"]

JUDGEMENTS: Final = ("AuditProved", "AuditForged")
_JUDGEMENT: Final[Mapping[str, str]] = {"region": "uint32", "number": "uint64"}
_PLAIN: Final = {"uint": int, "bool": bool, "string": str, "bytes": bytes, "address": bytes}


def has_shape(name: str, args: object) -> bool:
    """Tell whether `args` have the names and types of the event `name`; one of no artefact, which nobody reads, may."""
    kinds = _kinds().get(name)
    if kinds is None:
        return True
    if not isinstance(args, dict) or args.keys() != kinds.keys():
        return False
    return all(_is(value, kinds[label]) for label, value in args.items())


def to_json(args: Mapping[str, Any]) -> dict[str, Any]:
    """Write an event's arguments as JSON: bytes as 0x and hex."""
    return {label: _json(value) for label, value in args.items()}


def from_json(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `to_json` wrote, by the types of the event `name`; LookupError, TypeError or ValueError."""
    kinds = _kinds()[name]
    return {label: _value(value, kinds[label]) for label, value in told.items()}


def _json(value: object) -> object:
    match value:
        case bytes():
            return "0x" + value.hex()
        case list() | tuple():
            return [_json(each) for each in value]
        case _:
            return value


def _value(told: Any, kind: str) -> object:  # noqa: ANN401 - whatever JSON holds
    if kind.endswith("[]"):
        return [_value(each, kind[:-2]) for each in told]
    if _PLAIN[kind.rstrip("0123456789")] is not bytes:
        return told
    raw = bytes.fromhex(told[2:])
    size = 20 if kind == "address" else int(kind.removeprefix("bytes") or len(raw))
    if told[:2] != "0x" or len(raw) != size:
        raise ValueError(kind)
    return raw


def _is(value: object, kind: str) -> bool:
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_is(each, kind[:-2]) for each in value)
    plain = kind.rstrip("0123456789")
    if plain == "uint":
        return type(value) is int and 0 <= value < 1 << int(kind.removeprefix("uint"))  # a bool is no number here
    return type(value) is _PLAIN[plain]


@cache
def _kinds() -> Mapping[str, Mapping[str, str]]:
    events = (entry for name in artifacts.NAMES for entry in artifacts.load(name).abi if entry["type"] == "event")
    told = {event["name"]: {each["name"]: each["type"] for each in event["inputs"]} for event in events}
    return told | dict.fromkeys(JUDGEMENTS, _JUDGEMENT)
