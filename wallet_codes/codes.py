"""Whatever a scan gun, a camera or ten fingers give is read here, and becomes one of three kinds of code.

Online: a region's own payload. Typed: eight digits, the first of which names the region. Offline: `ECERT1:`.
The kinds and their forms: docs/spec/codes.md.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

from ecert.domain import offline
from ecert.domain.errors import Malformed, NotFound
from wallet_codes.codecs import CODECS
from wallet_codes.regions import REGIONS, Region, by_number, by_typed_digit

LIMIT: Final = 600
"""Characters that a code may have; the longest offline code has 532."""

_TYPED: Final = re.compile(r"[0-9]{8}")
_LINE_END: Final = re.compile(r"\r?\n?\Z")


@dataclass(frozen=True, slots=True)
class OnlineReading:
    """A region's online payload with its unguessable handle; the text and not the handle names the code."""

    region: Region
    text: str
    handle: bytes
    kind: Literal["online"] = "online"


@dataclass(frozen=True, slots=True)
class TypedReading:
    """A typed code: eight ASCII digits."""

    region: Region
    text: str
    kind: Literal["typed"] = "typed"


@dataclass(frozen=True, slots=True)
class OfflineReading:
    """A parsed offline code, whose signature is still to be checked."""

    region: Region
    text: str
    envelope: offline.OfflineCode
    kind: Literal["offline"] = "offline"


CodeReading = OnlineReading | TypedReading | OfflineReading


def read(text: object) -> CodeReading:
    """Read a code and forgive the one line end that a scan gun adds.

    Malformed `code.unrecognised`, `code.region`, the codec's `code.<name>`, or an offline code's own.
    Full-width digits are no digits here: an input method made them, and the clerk should see that.
    """
    if not isinstance(text, str) or len(text) > LIMIT:
        raise Malformed("code.unrecognised")
    line = _LINE_END.sub("", text, count=1)
    if line.startswith(offline.PREFIX):
        envelope = offline.parse(line)
        return OfflineReading(_region_of(envelope), line, envelope)
    if _TYPED.fullmatch(line):
        return TypedReading(_typed_region(line), line)
    for region in REGIONS:
        codec = CODECS[region.code]
        if line.startswith(codec.prefix):
            return OnlineReading(region, line, codec.decode(line))
    raise Malformed("code.unrecognised")


def digest(text: str) -> bytes:
    """Name a code without keeping it: SHA-256 of its text, 32 bytes, as stored and as a response cites it."""
    return hashlib.sha256(text.encode()).digest()


def _region_of(envelope: offline.OfflineCode) -> Region:
    try:
        return by_number(envelope.claims.region)
    except NotFound:
        raise Malformed("code.region") from None


def _typed_region(line: str) -> Region:
    try:
        return by_typed_digit(int(line[0]))
    except NotFound:
        raise Malformed("code.region") from None
