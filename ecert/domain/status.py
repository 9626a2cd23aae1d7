"""Whether a certificate stands: two bits each in a compressed list (draft-ietf-oauth-status-list-21).

Index 0 is in the least significant bits of byte 0 (section 4.1). The chain keeps the same bits in words of 32
bytes, entry i of a word at its bits 2·i.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from ecert.domain.errors import Conflict, Malformed
from ecert.domain.strict import b64url_decode, b64url_encode

BITS = 2
TYP = "statuslist+jwt"
MAX_INDEX = 2**32 - 1
# 64 million certificates: no list of ours comes near, and no bomb gets further.
MAX_BITMAP = 1 << 24


class Status(IntEnum):
    """A certificate's state; 3 is the draft's application-specific value (section 7.1)."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    SUPERSEDED = 3


# INVALID and SUPERSEDED are final; the chain's StatusRegistry refuses the same moves.
MOVES = frozenset(
    {
        (Status.VALID, Status.INVALID),
        (Status.VALID, Status.SUSPENDED),
        (Status.VALID, Status.SUPERSEDED),
        (Status.SUSPENDED, Status.VALID),
        (Status.SUSPENDED, Status.INVALID),
        (Status.SUSPENDED, Status.SUPERSEDED),
    }
)


@dataclass(frozen=True, slots=True)
class StatusRef:
    """Where a certificate's status stands: a list and a place in it."""

    uri: str
    index: int

    def claim(self) -> dict[str, Any]:
        """Give the certificate's `status` claim (section 6.2)."""
        return {"status_list": {"idx": self.index, "uri": self.uri}}


@dataclass(frozen=True, slots=True)
class StatusList:
    """A parsed status list token's claims (section 5.1); times in Unix seconds, `ttl` in seconds."""

    uri: str
    bitmap: bytes
    iat: int
    exp: int
    ttl: int


def check_move(*, old: Status, new: Status) -> None:
    """Raise Conflict("status.unchanged") or Conflict("status.final") unless `old` may become `new`."""
    if old == new:
        raise Conflict("status.unchanged", new.name)
    if (old, new) not in MOVES:
        raise Conflict("status.final", old.name)


def get(bitmap: bytes | bytearray | memoryview, index: int) -> Status:
    """Read one entry; raises Malformed("status.index") outside the list."""
    at, shift = _place(bitmap, index)
    return Status(bitmap[at] >> shift & 3)


def put(bitmap: bytearray, index: int, status: Status) -> None:
    """Write one entry in place; raises Malformed("status.index") outside the list. Judges no move."""
    at, shift = _place(bitmap, index)
    bitmap[at] = bitmap[at] & ~(3 << shift) | status << shift


def compress(bitmap: bytes | bytearray) -> str:
    """Give the bitmap as `lst`: zlib at level 9, base64url (section 4.2)."""
    return b64url_encode(zlib.compress(bitmap, 9))


def decompress(text: str, *, max_size: int = MAX_BITMAP) -> bytes:
    """Read an `lst` of at most `max_size` bytes; raises Malformed("status.lst") or `base64.*`."""
    inflater = zlib.decompressobj()
    try:
        bitmap = inflater.decompress(b64url_decode(text), max_size + 1)
    except zlib.error as failure:
        raise Malformed("status.lst", "not zlib") from failure
    if len(bitmap) > max_size:
        raise Malformed("status.lst", f"over {max_size} bytes")
    if not inflater.eof or inflater.unused_data:
        raise Malformed("status.lst", "the zlib stream is cut short or followed by more")
    return bitmap


def status_list_claims(*, uri: str, bitmap: bytes, iat: int, exp: int, ttl: int) -> dict[str, Any]:
    """Claims of a status list token (section 5.1), to be signed under `TYP`."""
    return {
        "sub": uri,
        "iat": iat,
        "exp": exp,
        "ttl": ttl,
        "status_list": {"bits": BITS, "lst": compress(bitmap)},
    }


def parse_status_list_claims(claims: Mapping[str, Any], *, max_size: int = MAX_BITMAP) -> StatusList:
    """Read a status list token's claims; unknown claims are passed over (section 5.1). Raises Malformed."""
    content = _object(claims, "status_list")
    if content.get("bits") != BITS or isinstance(content["bits"], bool):
        raise Malformed("status.bits", "2 bits a status wanted")
    lst = content.get("lst")
    if not isinstance(lst, str):
        raise Malformed("status.claims", "lst is not text")
    return StatusList(
        uri=_uri(claims.get("sub")),
        bitmap=decompress(lst, max_size=max_size),
        iat=_natural(claims, "iat"),
        exp=_natural(claims, "exp"),
        ttl=_natural(claims, "ttl"),
    )


def parse_status_ref(claim: object) -> StatusRef:
    """Read a certificate's `status` claim (section 6.2); other mechanisms beside ours are passed over."""
    reference = _object(claim, "status_list")
    index = _natural(reference, "idx")
    if index > MAX_INDEX:
        raise Malformed("status.index", "over 32 bits")
    return StatusRef(uri=_uri(reference.get("uri")), index=index)


def list_id(uri: str) -> tuple[int, int]:
    """Read (region, number) from a list's URI, `…/<region, 2 digits>-<number>`; raises Malformed."""
    return _place_of_list(_uri(uri))


_MAX_URI = 512
_URI = re.compile(r"https?://[!-~]+")
_LIST_URI = re.compile(r"https?://[^/?#]+/(?:[^/?#]*/)*(?P<region>[1-9][0-9])-(?P<number>0|[1-9][0-9]{0,9})")


def _place(bitmap: bytes | bytearray | memoryview, index: int) -> tuple[int, int]:
    """Byte and shift of an entry."""
    if not 0 <= index < len(bitmap) * 4:
        raise Malformed("status.index", f"{index} of {len(bitmap) * 4}")
    return index >> 2, (index & 3) * BITS


# Lists are few and come with every certificate: what was once read is remembered.
@lru_cache(maxsize=4096)
def _place_of_list(uri: str) -> tuple[int, int]:
    match = _LIST_URI.fullmatch(uri)
    if match is None:
        raise Malformed("status.uri", "the last segment is not <region>-<number>")
    return int(match["region"]), int(match["number"])


def _object(value: object, member: str) -> Mapping[str, Any]:
    inner = value.get(member) if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        raise Malformed("status.claims", f"no object {member}")
    return inner


def _natural(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise Malformed("status.claims", f"{name} is not a natural number")
    return value


def _uri(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_URI or not _URI.fullmatch(value):
        raise Malformed("status.uri", "not an http or https URI")
    return value
