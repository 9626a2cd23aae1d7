"""Writing a replica: one process, one block after another, each whole or not at all (docs/spec/replica.md).

The order is: records and status bits, then the sync, then the header that makes them count. After a crash the old
header still stands, the same blocks are followed again, and setting the same bits again changes nothing. A file of
another chain or Consortium is refused: a replica is never mended by hand, it is deleted and followed anew.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2

from ecert.domain.errors import Conflict, Unavailable
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import layout
from ledger.replica.layout import Header, Kind, pack_record
from ledger.replica.reader import Replica

__all__ = ["ReplicaWriter"]

_GROWTH = 1 << 20


class ReplicaWriter:
    """The follower's end of the file in `directory`; holds a lock on it until closed."""

    def __init__(self, directory: str | Path, *, chain: ChainIdentity, consortium: bytes, genesis: Head) -> None:
        """Open or make the file. Conflict("replica.other_chain"), Unavailable("replica.locked")."""
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "replica.bin"
        self._lock = self._take_lock(folder / "lock")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < layout.FIRST_RECORD:
            self._begin(Header(1, chain.chain_id, chain.genesis, consortium, genesis, layout.FIRST_RECORD))
        self.reader = Replica(self.path)
        self.header = self.reader.header
        told = (self.header.chain_id, self.header.genesis, self.header.consortium)
        if told != (chain.chain_id, chain.genesis, consortium):
            self.close()
            raise Conflict("replica.other_chain", "the replica follows another chain or Consortium")
        self._end = self.header.end

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._file)
        os.close(self._lock)

    def add(self, block: FinalBlock) -> None:
        """Write a block's events; they count from the next `commit`. Blocks come in order, linked by their hashes."""
        for event in block.events:
            self._event(event, block)
        self.header = replace(self.header, head=Head(block.number, block.hash, block.time))

    def add_chronicles(self, chronicles: Mapping[bytes, tuple[int, bytes]]) -> None:
        """Write the contracts' running event hashes as they stand after the blocks added."""
        for address, (count, head) in chronicles.items():
            self._append(Kind.CHRONICLE, layout.CHRONICLE.pack(address, count, head))

    def note_audit(self, finding: str, *, region: int, number: int) -> None:
        """Record whether a region's audit batch continues the one before: `AuditProved` or `AuditForged`."""
        self._record(b"", finding, {"region": region, "number": number}, self.header.head)

    def roll_back(self) -> None:
        """Forget what was added since the last commit."""
        self.reader = Replica(self.path)
        self.header = self.reader.header
        self._end = self.header.end

    def commit(self) -> None:
        """Make everything added so far count, durably."""
        self._guard(lambda: os.fdatasync(self._file))
        self.header = replace(self.header, sequence=self.header.sequence + 1, end=self._end)
        self._write(layout.SLOT * (self.header.sequence % 2), layout.pack_header(self.header))
        self.reader.refresh()

    def _event(self, event: Event, block: FinalBlock) -> None:
        head = Head(block.number, block.hash, block.time)
        match event.name:
            case "StatusListCreated":
                self._list(event.args)
            case "StatusChanged":
                self._change(event.args, known=block.time)
            case _:
                self._record(event.address, event.name, dict(event.args), head)

    def _record(self, address: bytes, name: str, args: dict[str, object], head: Head) -> None:
        self._append(Kind.EVENT, cbor2.dumps([address, name, args, head.number, head.time]))

    def _list(self, args: Mapping[str, Any]) -> None:
        body = layout.STATUS_LIST.pack(args["region"], args["size"], args["list"])
        self._append(Kind.LIST, body + bytes(args["size"] // 4))
        self._settle()

    def _change(self, args: Mapping[str, Any], *, known: int) -> None:
        region, number, status = args["region"], args["list"], args["status"]
        location = self.reader.list_location(region=region, number=number)
        if location is None:
            raise Unavailable("replica.broken", f"no status list {region}-{number}")
        offset, _size, newest = location
        indices: tuple[int, ...] = tuple(args["indices"])
        body = layout.STATUS_CHANGE.pack(region, status, number, args["effectiveAt"], known, newest, len(indices))
        self._append(Kind.CHANGE, body + b"".join(i.to_bytes(4, "little") for i in indices))
        self._set_bits(offset, indices, status)
        self._settle()

    def _set_bits(self, offset: int, indices: tuple[int, ...], status: int) -> None:
        for index in indices:
            place, shift = offset + (index >> 2), 2 * (index & 3)
            (byte,) = os.pread(self._file, 1, place)
            self._write(place, bytes([byte & ~(3 << shift) & 0xFF | status << shift]))

    def _settle(self) -> None:
        """Let the writer's own reader see a list or change that a later record of the same block builds on."""
        self.reader.take_until(self._end)

    def _append(self, kind: Kind, body: bytes) -> None:
        record = pack_record(kind, body)
        end = self._end + len(record)
        if end > os.fstat(self._file).st_size:
            grown = end + max(_GROWTH, end // 4)
            self._guard(lambda: os.ftruncate(self._file, grown))
        self._write(self._end, record)
        self._end = end

    def _begin(self, header: Header) -> None:
        self._guard(lambda: os.ftruncate(self._file, layout.FIRST_RECORD + _GROWTH))
        self._write(layout.SLOT * (header.sequence % 2), layout.pack_header(header))

    def _write(self, offset: int, raw: bytes) -> None:
        written = 0
        while written < len(raw):
            written += self._guard(lambda at=written: os.pwrite(self._file, raw[at:], offset + at))

    def _guard(self, act: Any) -> Any:  # noqa: ANN401 — whatever the system call answers
        try:
            return act()
        except OSError as error:
            raise Unavailable("replica.unwritable", os.strerror(error.errno or 0)) from error

    def _take_lock(self, path: Path) -> int:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise Unavailable("replica.locked", f"another process follows into {path.parent}") from None
        return lock
