"""安康码's online payload: an older form of it is public but for its path, for which `qr` stands in.

`https://akm.ahzwfw.gov.cn/qr?id=akm:qrcode:` + 32 lower-case hex (the handle, 128 bits)
+ `&cityNo=340000000000`.
"""

from __future__ import annotations

import re
from typing import Final

from ecert.domain.errors import Malformed

PREFIX: Final = "https://akm.ahzwfw.gov.cn/"
HANDLE_SIZE: Final = 16

_OPENING: Final = PREFIX + "qr?id=akm:qrcode:"
_CITY: Final = "&cityNo=340000000000"
_FORM: Final = re.compile(re.escape(_OPENING) + r"([0-9a-f]{32})" + re.escape(_CITY))


def encode(handle: bytes, *, minted_at_ms: int) -> str:
    """Write a handle of 16 bytes; the moment of minting is not part of this form."""
    del minted_at_ms
    return _OPENING + handle.hex() + _CITY


def decode(text: str) -> bytes:
    """Return the handle, 16 bytes; Malformed `code.ankangma`."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise Malformed("code.ankangma")
    return bytes.fromhex(found[1])
