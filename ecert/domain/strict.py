r"""The strict door for JSON and base64url: one text, one value (RFC 8259, RFC 7493 2.3, RFC 4648 5).

Two readers that disagree about a duplicate key or a stray bit can be shown two different certificates under
one signature, so every text here has exactly one reading or none.

>>> loads(b'{"idx":7}', limit=100)
{'idx': 7}
>>> b64url_decode("AQI")
b'\x01\x02'
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
import pybase64

from ecert.domain.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Collection

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_FEW, _SPARSE = 2_000, 32
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_INTEGERS = range(-(2**63), 2**64)
_WHOLE = {str, int, bool, type(None)}
# What may end a text of so many characters over a multiple of four: the bits that no byte uses are zero.
_ENDS = ("", "", "AQgw", "AEIMQUYcgkosw048")
_PADDING = ("", "", "==", "=")


def loads(data: bytes | str, *, limit: int, depth: int = 16, floats: bool = False) -> object:
    """Parse UTF-8 JSON of at most `limit` bytes and `depth` (up to 200) levels, or raise Malformed `json.*`.

    Refused: duplicate keys, lone surrogates, NaN, infinities, integers beyond 64 bits, and, unless `floats`,
    fractions and exponents.
    """
    raw = data if isinstance(data, bytes) else _encode(data)
    if len(raw) > limit:
        raise Malformed("json.size", f"{len(raw)} bytes, at most {limit}")
    if raw.count(b"{") + raw.count(b"[") > depth:
        _hold_depth(raw, depth)
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed("json.syntax", f"{error.msg} at {error.pos}") from None
    # Canonical bytes come back from the value unchanged, which proves that no key was dropped on the way in.
    if orjson.dumps(value) == raw and (floats or not _holds_float(value)):
        return value
    return _slow(raw, floats=floats)


def b64url_decode(text: str) -> bytes:
    """Decode unpadded base64url whose unused trailing bits are zero, or raise Malformed `base64.*`."""
    if not isinstance(text, str):
        raise Malformed("base64.type", f"text wanted, not {type(text).__name__}")
    # The decoder takes these three as well.
    if "=" in text or "+" in text or "/" in text:
        raise Malformed("base64.alphabet", "the padding or the alphabet of RFC 4648 section 4")
    over = len(text) % 4
    if over and text[-1] not in _ENDS[over]:
        raise Malformed("base64.canonical", f"{len(text)} characters")
    try:
        return pybase64.b64decode(text + _PADDING[over], altchars=b"-_", validate=True)
    except ValueError:
        raise Malformed("base64.alphabet", f"{len(text)} characters") from None


def b64url_encode(raw: bytes) -> str:
    """Encode as unpadded base64url."""
    return pybase64.b64encode_as_string(raw, altchars=b"-_").rstrip("=")


def _encode(data: object) -> bytes:
    if not isinstance(data, str):
        raise Malformed("json.type", f"bytes or text wanted, not {type(data).__name__}")
    try:
        return data.encode()
    except UnicodeEncodeError:
        raise Malformed("json.encoding", "a lone surrogate") from None


def _hold_depth(raw: bytes, depth: int) -> None:
    # Each pass takes away what holds nothing, so what is left after `depth` of them is deeper; linear in the size.
    brackets = _STRING.sub(b"", raw).translate(_SQUARE, _NO_BRACKETS)
    if len(brackets) > _FEW + len(raw) // _SPARSE:
        raise Malformed("json.size", "too many arrays and objects for their size")
    for _ in range(depth):
        brackets = brackets.replace(b"[]", b"")
    if b"[]" in brackets or len(brackets) > depth:
        raise Malformed("json.depth", f"deeper than {depth}")


def _holds_float(value: object) -> bool:
    if isinstance(value, dict):
        parts: Collection[object] = value.values()
    elif isinstance(value, list):
        parts = value
    else:
        return isinstance(value, float)
    return not set(map(type, parts)) <= _WHOLE and any(map(_holds_float, parts))


def _slow(raw: bytes, *, floats: bool) -> object:
    # orjson has accepted the syntax; what is left to find are duplicate keys and numbers out of bounds.
    return json.loads(
        raw,
        object_pairs_hook=_unique,
        parse_int=_integer,
        parse_float=float if floats else _no_float,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("json.duplicate_key", f"{len(pairs)} members, {len(members)} names")
    return members


def _integer(text: str) -> int:
    longest = 20
    if len(text) > longest or (number := int(text)) not in _INTEGERS:
        raise Malformed("json.integer", f"{len(text)} digits")
    return number


def _no_float(_text: str) -> NoReturn:
    raise Malformed("json.float")
