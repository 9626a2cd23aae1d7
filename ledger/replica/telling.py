"""What a replica was told, told again: every event in its order, for whoever verifies far from the chain."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from ledger.replica import layout
from ledger.replica.layout import Kind
from ledger.replica.reader import Replica

__all__ = ["Told", "tell"]


@dataclass(frozen=True, slots=True)
class Told:
    """One event: the contract (20 bytes; empty for a status, which one registry tells), its block's number and time."""

    address: bytes
    name: str
    args: Mapping[str, Any]
    block: int
    time: int


def tell(replica: Replica) -> Iterator[Told]:
    """Yield every event up to the replica's head, the follower's own findings included.

    The block of a status event is that of the event before it, which nobody's verdict asks for.
    """
    raw = replica.path.read_bytes()[: replica.header.end]
    offset, block, time = layout.FIRST_RECORD, 0, 0
    while offset < len(raw):
        length, kind, _ = layout.RECORD.unpack_from(raw, offset)
        body = raw[offset + layout.RECORD.size : offset + layout.RECORD.size + length]
        match kind:
            case Kind.EVENT:
                address, name, args, block, time = cbor2.loads(body)
                yield Told(address, name, args, block, time)
            case Kind.LIST:
                region, size, number = layout.STATUS_LIST.unpack_from(body)
                yield Told(b"", "StatusListCreated", {"region": region, "list": number, "size": size}, block, time)
            case Kind.CHANGE:
                told = _change(body, block)
                time = told.time
                yield told
        offset = layout.next_record(offset, length)


def _change(body: bytes, block: int) -> Told:
    region, status, number, effective, known, _before, count = layout.STATUS_CHANGE.unpack_from(body)
    indices = list(struct.unpack_from(f"<{count}I", body, layout.STATUS_CHANGE.size))
    args = {"region": region, "list": number, "indices": indices, "status": status, "effectiveAt": effective}
    return Told(b"", "StatusChanged", args, block, known)
