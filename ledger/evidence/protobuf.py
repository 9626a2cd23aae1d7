"""The one reader of protobuf's wire format (encoding guide, "Message Structure"), for messages that nobody trusts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["fields"]

_LONGEST_VARINT: Final = 70
"""Bits: ten bytes of seven."""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and content of each field in order: int for varints, bytes for what has a length.

    Fields of fixed 64 bits are passed over. ValueError or IndexError for anything that ends early or has another type.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                number, at = _varint(message, at)
                yield tag >> 3, number
            case 1:
                at += 8
            case 2:
                size, at = _varint(message, at)
                if at + size > len(message):
                    raise ValueError(size)
                yield tag >> 3, message[at : at + size]
                at += size
            case kind:
                raise ValueError(kind)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while shift < _LONGEST_VARINT:
        number |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:  # noqa: PLR2004 - the mark of a varint's last byte
            return number, at
    raise ValueError(at)
