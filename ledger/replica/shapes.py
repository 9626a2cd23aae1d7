"""What an event that a replica keeps is made of: the artefacts' own types, and the follower's findings.

A record whose checksum is right may still be what no follower wrote; whoever judges must never meet it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from contracts import artifacts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["JUDGEMENTS", "has_shape"]

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


def _is(value: object, kind: str) -> bool:
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_is(each, kind[:-2]) for each in value)
    return type(value) is _PLAIN[kind.rstrip("0123456789")]  # a bool is no number here


@cache
def _kinds() -> Mapping[str, Mapping[str, str]]:
    events = (entry for name in artifacts.NAMES for entry in artifacts.load(name).abi if entry["type"] == "event")
    told = {event["name"]: {each["name"]: each["type"] for each in event["inputs"]} for event in events}
    return told | dict.fromkeys(JUDGEMENTS, _JUDGEMENT)
