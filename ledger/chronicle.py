"""The running hash over all events of a contract, as the contract itself keeps it (docs/contracts.md, Chronicle).

head' = keccak256(head ‖ topic ‖ keccak256(data)); one storage proof of (count, head) shows a follower that it has every
event and no other.
"""

from __future__ import annotations

from collections.abc import Iterable

from eth_hash.auto import keccak

from ledger.port import Event

__all__ = ["EMPTY", "Chronicle", "extend"]

Chronicle = tuple[int, bytes]
EMPTY: Chronicle = (0, bytes(32))


def extend(chronicle: Chronicle, events: Iterable[Event]) -> Chronicle:
    """Return (count, head) after the events of one contract, in order."""
    count, head = chronicle
    for event in events:
        head = keccak(head + event.topic + keccak(event.payload))
        count += 1
    return count, head
