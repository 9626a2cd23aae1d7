"""浙江证照码's online payload: the real one is not public; this stands in for it (docs/spec/codes.md).

`ZJZZM` + 39 decimal digits (the handle, 128 bits, as one number): QR alphanumeric mode, and no letter
that a keyboard layout or an input method could turn into another.
"""

from __future__ import annotations

import re
from typing import Final

from ecert.domain.errors import Malformed

PREFIX: Final = "ZJZZM"
HANDLE_SIZE: Final = 16

_FORM: Final = re.compile(re.escape(PREFIX) + r"([0-9]{39})")


def encode(handle: bytes, *, minted_at_ms: int) -> str:
    """Write a handle of 16 bytes; the moment of minting is not part of this form."""
    del minted_at_ms
    return f"{PREFIX}{int.from_bytes(handle):039d}"


def decode(text: str) -> bytes:
    """Return the handle, 16 bytes; Malformed `code.zheliban`, also for a number of more than 128 bits."""
    found = _FORM.fullmatch(text)
    number = int(found[1]) if found else -1
    if not 0 <= number < 1 << (8 * HANDLE_SIZE):
        raise Malformed("code.zheliban")
    return number.to_bytes(HANDLE_SIZE)
