"""苏服码's online payload: the real one is not public, and this stands in for it (docs/spec/codes.md).

`SUFUMA:` + 26 characters of RFC 4648 base32 without padding (the handle, 128 bits): QR alphanumeric mode.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from typing import Final

from ecert.domain.errors import Malformed

PREFIX: Final = "SUFUMA:"
HANDLE_SIZE: Final = 16

# 128 bits in 26 characters leave two bits of the last one, which are zero: A, E, I, M, Q, U, Y or 4.
_FORM: Final = re.compile(re.escape(PREFIX) + r"([A-Z2-7]{25}[AEIMQUY4])")


def encode(handle: bytes, *, minted_at_ms: int) -> str:
    """Write a handle of 16 bytes; the moment of minting is not part of this form."""
    del minted_at_ms
    return PREFIX + b32encode(handle).decode("ascii").rstrip("=")


def decode(text: str) -> bytes:
    """Return the handle, 16 bytes; Malformed `code.sufuma`."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise Malformed("code.sufuma")
    return b32decode(found[1] + "======")
