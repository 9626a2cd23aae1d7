"""Every text and every byte string that differs from one in a single bit."""

from __future__ import annotations

from collections.abc import Iterator


def flipped(raw: bytes) -> Iterator[bytes]:
    """Yield `8 * len(raw)` byte strings, first bit first."""
    for place in range(8 * len(raw)):
        altered = bytearray(raw)
        altered[place >> 3] ^= 1 << (place & 7)
        yield bytes(altered)


def flipped_text(text: str) -> Iterator[str]:
    """Yield the flips of an ASCII text, each byte a character."""
    for raw in flipped(text.encode("ascii")):
        yield raw.decode("latin-1")


def flipped_number(number: int, bits: int = 63) -> Iterator[int]:
    """Yield the flips of a whole number's lowest bits."""
    for place in range(bits):
        yield number ^ 1 << place
