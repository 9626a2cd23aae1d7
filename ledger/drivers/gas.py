"""How much gas a transaction may use on the network, from what it carries alone: a block is full by *limits*.

A call may depend on others that still wait, so the chain cannot be asked (`Ledger.prepare`), and the same arguments
must give the same bytes. The limits stand at about one and a half times the worst measured (docs/contracts.md, Gas).
"""

from __future__ import annotations

from typing import Final

__all__ = ["BLOCK_GAS", "call_gas", "deployment_gas"]

BLOCK_GAS: Final = 60_000_000
"""The most that one transaction can ever have: the network's block."""

_WORD: Final = 32
# Function: for any call of it, and for each 32-byte word of its arguments.
_LIMITS: Final = {
    "anchor": (270_000, 0),
    "createList": (200_000, 0),
    "setStatus": (120_000, 25_000),
    "grant": (100_000, 38_000),
    "recognise": (150_000, 14_000),
    "addKey": (200_000, 1_000),
    "vote": (120_000, 0),
}
_ANY: Final = (400_000, 30_000)
_MOST: Final = BLOCK_GAS * 9 // 10
_CREATION: Final = 1_000_000
_CREATION_BYTE: Final = 300


def call_gas(function: str, payload: bytes) -> int:
    """Limit a call by its function and its encoded arguments, selector included."""
    fixed, word = _LIMITS.get(function, _ANY)
    return min(fixed + word * (len(payload) // _WORD), _MOST)


def deployment_gas(payload: bytes) -> int:
    """Limit a creation by the bytes of its code and of its constructor's encoded arguments."""
    return min(_CREATION + _CREATION_BYTE * len(payload), _MOST)
