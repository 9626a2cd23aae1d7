"""Reading a replica: trust, roots and status in this process's memory or straight from the mapped file; no RPC, no SQL.

Any number of readers map one file. `refresh` takes in what the follower has added since; it costs a header's CRC when
nothing was. Status bits are read in place, so a hundred million certificates cost each reader nothing of its own.
"""

from __future__ import annotations

import mmap
import struct
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cbor2

from ecert.domain.errors import Malformed, Unavailable
from ecert.domain.status import Status
from ecert.domain.trust import TrustState
from ledger.port import Head
from ledger.replica import layout
from ledger.replica.layout import Header, Kind
from ledger.replica.shapes import JUDGEMENTS, has_shape

__all__ = ["AUDIT", "CERTIFICATES", "Batch", "Change", "Replica", "open_replica"]

CERTIFICATES, AUDIT = 1, 2

_NO_RECORD = (Malformed, ArithmeticError, LookupError, TypeError, ValueError, struct.error, cbor2.CBORDecodeError)


@dataclass(frozen=True, slots=True)
class Batch:
    """An anchored root: RFC 9162 root (32 bytes) over `size` leaves, in a final block of that number and time."""

    contract: bytes
    root: bytes
    hash_alg: int
    size: int
    block: int
    time: int


@dataclass(frozen=True, slots=True)
class Change:
    """A list's change as the chain told it at `known`: what the places in `indices`, rising, are since `effective`."""

    status: Status
    effective: int
    known: int
    indices: tuple[int, ...]


@dataclass(slots=True)
class _List:
    offset: int
    size: int
    newest: int = 0
    changes: int = 0
    is_continued: bool = False


class Replica:
    """One reader of the file at `path`; the public attributes are what has been followed so far.

    `audit_logs` are each region's audit roots in the order in which they were anchored, through every contract's
    numbering; `judged_logs` tells how many of them were judged, `forged_logs` which of them do not continue the one
    before, all counted from 1.
    """

    def __init__(self, path: Path) -> None:
        """Map the file; Unavailable("replica.missing") while no follower has made it."""
        self.path = path
        self.trust = TrustState()
        self._batches: dict[tuple[int, int, int], tuple[Batch, ...]] = {}
        self.chronicles: dict[bytes, tuple[int, bytes]] = {}
        self.audit_logs: dict[int, tuple[Batch, ...]] = {}
        self.judged_logs: dict[int, int] = {}
        self.forged_logs: dict[int, tuple[int, ...]] = {}
        self._lists: dict[tuple[int, int], _List] = {}
        self._offset = layout.FIRST_RECORD
        self._lock = threading.Lock()
        self._map = self._open()
        self.header = self._header()
        self.refresh()

    @property
    def head(self) -> Head:
        """The newest final block followed."""
        return self.header.head

    def age(self, now: float) -> float:
        """Seconds between the newest block's time and `now`; negative where the block is ahead of the clock."""
        return now - self.header.head.time

    def refresh(self) -> None:
        """Take in what the follower has added."""
        header = self._header()
        if header.sequence == self.header.sequence and self._offset == header.end:
            return
        self.take_until(header.end)
        with self._lock:  # several threads refresh: the newest header wins, whoever comes last
            if header.sequence > self.header.sequence:
                self.header = header

    def take_until(self, end: int) -> None:
        """Take in the records before `end`; the writer's own reader runs ahead of the header this way."""
        with self._lock:
            if end > len(self._map):
                self._map = self._open()
            if end > len(self._map):
                raise _broken(len(self._map))
            while self._offset < end:
                self._take(end)

    def batch(self, *, region: int, kind: int, number: int, contract: bytes | None = None) -> Batch | None:
        """Find a region's batch by its number, in one anchoring contract or (None) in the newest that has it."""
        found = [b for b in self._batches.get((region, kind, number), ()) if contract in (None, b.contract)]
        return found[-1] if found else None

    def unjudged(self, region: int) -> tuple[Batch, ...]:
        """Return a region's audit roots that wait for its proof, oldest first."""
        return self.audit_logs.get(region, ())[self.judged_logs.get(region, 0) :]

    def status(
        self, *, region: int, number: int, index: int, at: int | None = None, known_at: int | None = None
    ) -> Status | None:
        """Return an index's status in force at `at`, as recorded by `known_at` (None: now); None for no such list."""
        entry = self._lists.get((region, number))
        if entry is None or not 0 <= index < entry.size:
            return None
        if at is None and known_at is None:
            bits = self._map[entry.offset + (index >> 2)] >> (2 * (index & 3)) & 3
            return Status(bits)
        return self._past(entry, index, at=at, known_at=known_at)

    def bitmap(self, *, region: int, number: int) -> bytes | None:
        """Copy a whole list, two bits a certificate."""
        entry = self._lists.get((region, number))
        return None if entry is None else self._map[entry.offset : entry.offset + entry.size // 4]

    def list_location(self, *, region: int, number: int) -> tuple[int, int, int] | None:
        """Tell the follower where a list's bitmap stands: (offset, size, newest change's offset)."""
        entry = self._lists.get((region, number))
        return None if entry is None else (entry.offset, entry.size, entry.newest)

    def recorded(self, *, region: int, number: int, indices: Iterable[int]) -> dict[int, Status]:
        """Return the status that the newest record of each index tells; bits may be ahead of that after a crash."""
        told = dict.fromkeys(indices, Status.VALID)
        entry = self._lists.get((region, number))
        left, offset = set(told), entry.newest if entry else 0
        while left and offset:
            change, offset = self._change(offset)
            named = left.intersection(change.indices)
            told.update(dict.fromkeys(named, change.status))
            left -= named
        return told

    @property
    def position(self) -> int:
        """How far this reader has come, for `counted`; it means nothing to another reader."""
        return self._offset

    def counted(self, *, region: int, number: int, until: int | None = None) -> int | None:
        """Count a list's changes, those alone that were taken in before a `position`; None for no such list.

        The count is the chain's: a replica that is followed anew comes to the same.
        """
        with self._lock:
            entry = self._lists.get((region, number))
            if entry is None:
                return None
            count, offset = entry.changes, entry.newest
            while until is not None and offset > until:
                count, offset = count - 1, layout.STATUS_CHANGE.unpack_from(self._map, offset)[5]
            return count

    def changes(self, *, region: int, number: int, after: int) -> list[Change]:
        """Return a list's changes but for the first `after`, oldest first."""
        with self._lock:
            entry = self._lists.get((region, number))
            count, offset = (entry.changes, entry.newest) if entry else (0, 0)
            found = []
            for _ in range(count - after):
                change, offset = self._change(offset)
                found.append(change)
            return found[::-1]

    def is_continued(self, *, region: int, number: int) -> bool:
        """Tell whether a registry that succeeded another opened this list again."""
        entry = self._lists.get((region, number))
        return entry is not None and entry.is_continued

    def _past(self, entry: _List, index: int, *, at: int | None, known_at: int | None) -> Status:
        offset = entry.newest
        while offset:
            fields = layout.STATUS_CHANGE.unpack_from(self._map, offset)
            _region, status, _number, effective, known, before, count = fields
            told = known_at is None or known <= known_at
            begun = at is None or effective <= at
            if told and begun and self._names(offset, count, index):
                return Status(status)
            offset = before
        return Status.VALID

    def _change(self, offset: int) -> tuple[Change, int]:
        _, status, _, effective, known, before, count = layout.STATUS_CHANGE.unpack_from(self._map, offset)
        indices = struct.unpack_from(f"<{count}I", self._map, offset + layout.STATUS_CHANGE.size)
        return Change(Status(status), effective, known, indices), before

    def _names(self, offset: int, count: int, index: int) -> bool:
        first = offset + layout.STATUS_CHANGE.size
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            (seen,) = struct.unpack_from("<I", self._map, first + 4 * middle)
            if seen == index:
                return True
            low, high = (middle + 1, high) if seen < index else (low, middle)
        return False

    def _open(self) -> mmap.mmap:
        try:
            with self.path.open("rb") as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            raise Unavailable("replica.missing", str(self.path)) from None

    def _header(self) -> Header:
        header = _newest(self._map[: 2 * layout.SLOT])
        if header is None:
            raise Unavailable("replica.broken", "no whole header")
        return header

    def _take(self, end: int) -> None:
        try:
            length, kind, told = layout.RECORD.unpack_from(self._map, self._offset)
            body = self._offset + layout.RECORD.size
            fixed = min(length, layout.STATUS_LIST.size) if kind == Kind.LIST else length
            if body + length > end or told != layout.checksum(length, kind, self._map[body : body + fixed]):
                raise _broken(self._offset)
            self._record(Kind(kind), body, length)
        except _NO_RECORD as fault:
            raise _broken(self._offset) from fault
        self._offset = layout.next_record(self._offset, length)

    def _record(self, kind: Kind, body: int, length: int) -> None:
        match kind:
            case Kind.EVENT:
                self._event(cbor2.loads(self._map[body : body + length]))
            case Kind.LIST:
                region, size, number = layout.STATUS_LIST.unpack_from(self._map, body)
                if length != layout.STATUS_LIST.size + size // 4:
                    raise ValueError(length)
                before = self._lists.get((region, number))
                newest, changes = (before.newest, before.changes) if before else (0, 0)
                offset = body + layout.STATUS_LIST.size
                self._lists[region, number] = _List(offset, size, newest, changes, before is not None)
            case Kind.CHANGE:
                region, _status, number, *_, before, count = layout.STATUS_CHANGE.unpack_from(self._map, body)
                if length != layout.STATUS_CHANGE.size + 4 * count or before >= body:
                    raise ValueError(length)
                entry = self._lists[region, number]
                entry.newest, entry.changes = body, entry.changes + 1
            case Kind.CHRONICLE:
                address, count, head = layout.CHRONICLE.unpack_from(self._map, body)
                self.chronicles[address] = (count, head)

    def _event(self, record: list[Any]) -> None:
        address, name, args, block, time = record
        if not has_shape(name, args) or type(block) is not int or type(time) is not int:
            raise ValueError(name)
        if name == "BatchAnchored":
            key = (args["region"], args["kind"], args["number"])
            batch = Batch(address, args["root"], args["hashAlg"], args["size"], block=block, time=time)
            self._batches[key] = (*self._batches.get(key, ()), batch)
            if args["kind"] == AUDIT:
                self.audit_logs[args["region"]] = (*self.audit_logs.get(args["region"], ()), batch)
        elif name in JUDGEMENTS:
            self.judged_logs[args["region"]] = args["number"]
            if name == "AuditForged":
                self.forged_logs[args["region"]] = (*self.forged_logs.get(args["region"], ()), args["number"])
        else:
            self.trust.apply(name, args, time=time, block=block)


# A server asks before each verdict, and between two blocks the page is the same.
@lru_cache(maxsize=8)
def _newest(page: bytes) -> Header | None:
    return layout.unpack_headers(page)


def _broken(offset: int) -> Unavailable:
    return Unavailable("replica.broken", f"what stands at {offset} is no record")


def open_replica(directory: str | Path) -> Replica:
    """Open the replica in a directory for reading."""
    return Replica(Path(directory) / "replica.bin")
