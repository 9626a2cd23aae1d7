"""随申码's online payload: the public form, a link that ends in a handle and the moment of minting.

`https://s.sh.gov.cn/` + 30 lower-case hex (the handle, 120 bits) + 13 digits (Unix milliseconds of minting).
"""

from __future__ import annotations

import re
from typing import Final

from ecert.domain.errors import Malformed

PREFIX: Final = "https://s.sh.gov.cn/"
HANDLE_SIZE: Final = 15

_FORM: Final = re.compile(re.escape(PREFIX) + r"([0-9a-f]{30})[1-9][0-9]{12}")


def encode(handle: bytes, *, minted_at_ms: int) -> str:
    """Write a handle of 15 bytes and the moment of minting, Unix milliseconds."""
    return f"{PREFIX}{handle.hex()}{minted_at_ms:013d}"


def decode(text: str) -> bytes:
    """Return the handle, 15 bytes; Malformed `code.suishenma`. The time decides nothing: the record does."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise Malformed("code.suishenma")
    return bytes.fromhex(found[1])
