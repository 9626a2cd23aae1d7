"""How a replica file is laid out: two header slots, then records that are only ever appended (docs/spec/replica.md).

    0     header slot A    512  header slot B    4096  records: length, kind, CRC, body, padding to 8

A header names the newest followed block and how many bytes of records count. It is written to the slots in turn, each
with a sequence number and a CRC, so a reader, or a writer after a crash, always finds one that is whole.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from ledger.port import Head

__all__ = ["FIRST_RECORD", "Header", "Kind", "checksum", "pack_header", "pack_record", "unpack_headers"]

FIRST_RECORD = 4096
SLOT = 512
MAGIC = b"ECERTRP2"
_HEADER = struct.Struct("<8sQQ32s20sQQ32sQ")
_CRC = struct.Struct("<I")
RECORD = struct.Struct("<IB3xI4x")
_COUNTED = struct.Struct("<IB")
STATUS_LIST = struct.Struct("<IIQ")
STATUS_CHANGE = struct.Struct("<IBxxxQQQQI4x")
CHRONICLE = struct.Struct("<20s4xQ32s")


class Kind(IntEnum):
    """What a record holds. LIST's bitmap is the only part of the file that changes in place."""

    EVENT = 1
    LIST = 2
    CHANGE = 3
    CHRONICLE = 4


@dataclass(frozen=True, slots=True)
class Header:
    """Which chain and Consortium (20 bytes) are followed, up to which block, and where the records end."""

    sequence: int
    chain_id: int
    genesis: bytes
    consortium: bytes
    head: Head
    end: int


def pack_header(header: Header) -> bytes:
    """Write a header slot."""
    body = _HEADER.pack(
        MAGIC,
        header.sequence,
        header.chain_id,
        header.genesis,
        header.consortium,
        header.head.number,
        header.head.time,
        header.head.hash,
        header.end,
    )
    return body + _CRC.pack(zlib.crc32(body))


def unpack_headers(page: bytes | memoryview) -> Header | None:
    """Return the newest whole header of a file's first page; None where there is none."""
    whole = [h for h in (_unpack(page, offset) for offset in (0, SLOT)) if h is not None]
    return max(whole, key=lambda h: h.sequence, default=None)


def _unpack(page: bytes | memoryview, offset: int) -> Header | None:
    body, end = bytes(page[offset : offset + _HEADER.size]), offset + _HEADER.size
    if not body.startswith(MAGIC) or page[end : end + _CRC.size] != _CRC.pack(zlib.crc32(body)):
        return None
    _, sequence, chain_id, genesis, consortium, number, time, block_hash, end = _HEADER.unpack(body)
    return Header(sequence, chain_id, genesis, consortium, Head(number, block_hash, time), end)


def pack_record(kind: Kind, body: bytes, *, zeros: int = 0) -> bytes:
    """Write a record, padded to 8 bytes, but for the `zeros` zero bytes (a multiple of 8) that end its body."""
    length, padding = len(body) + zeros, bytes(0 if zeros else -len(body) % 8)
    return RECORD.pack(length, kind, checksum(length, kind, body)) + body + padding


def checksum(length: int, kind: int, body: bytes) -> int:
    """CRC-32 of a record's length and kind and of its body, but for a bitmap, which changes in place."""
    fixed = body[: STATUS_LIST.size] if kind == Kind.LIST else body
    return zlib.crc32(fixed, zlib.crc32(_COUNTED.pack(length, kind)))


def next_record(offset: int, length: int) -> int:
    """Return where the record after one of `length` body bytes begins."""
    return offset + RECORD.size + length + (-length % 8)
