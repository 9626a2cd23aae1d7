"""Each region's online payload as a row of one table, so that reading and minting never ask whose code it is.

>>> CODECS["ankangma"].decode(CODECS["ankangma"].encode(bytes(16), minted_at_ms=0)) == bytes(16)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from wallet_codes.codecs import ankangma, sufuma, suishenma, zheliban

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CODECS", "Codec"]


class Encode(Protocol):
    """Writes a handle of the codec's size as the text of its code."""

    def __call__(self, handle: bytes, *, minted_at_ms: int) -> str:
        """Write the one text of this handle; `minted_at_ms` is Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format; no prefix begins another, and each text has exactly one handle and back."""

    prefix: str
    handle_size: int
    encode: Encode
    decode: Callable[[str], bytes]


CODECS: Final = MappingProxyType(
    {
        "suishenma": Codec(suishenma.PREFIX, suishenma.HANDLE_SIZE, suishenma.encode, suishenma.decode),
        "sufuma": Codec(sufuma.PREFIX, sufuma.HANDLE_SIZE, sufuma.encode, sufuma.decode),
        "zheliban": Codec(zheliban.PREFIX, zheliban.HANDLE_SIZE, zheliban.encode, zheliban.decode),
        "ankangma": Codec(ankangma.PREFIX, ankangma.HANDLE_SIZE, ankangma.encode, ankangma.decode),
    }
)
"""By the `code` of regions.toml."""
