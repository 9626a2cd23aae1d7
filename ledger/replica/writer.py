"""Writing a replica: one process, one block after another, each whole or not at all (docs/spec/replica.md).

The order is: records, which nobody reads yet; at the commit, when the follower has judged them, status bits, the sync,
and the header that makes all of it count. After a crash the old header still stands, the same blocks are followed
again, and setting the same bits again changes nothing. A file of another chain or Consortium is refused: a replica is
never mended by hand, it is deleted and followed anew.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2

from ecert.domain.errors import Conflict, Unavailable
from ecert.domain.status import Status
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import layout
from ledger.replica.layout import Header, Kind, pack_record
from ledger.replica.reader import Replica

__all__ = ["ReplicaWriter"]

_GROWTH = 1 << 20
_FINAL = (Status.INVALID, Status.SUPERSEDED)


class ReplicaWriter:
    """The follower's end of the file in `directory`; holds a lock on it until closed.

    `reader` is the follower's own and runs ahead of what counts: whoever verifies opens the file for himself.
    """

    def __init__(self, directory: str | Path, *, chain: ChainIdentity, consortium: bytes, genesis: Head) -> None:
        """Open or make the file. Conflict("replica.other_chain"), Unavailable("replica.*")."""
        folder = Path(directory)
        self.path = folder / "replica.bin"
        self._deferred: list[Callable[[], None]] = []
        with ExitStack() as undo:
            self._guard(lambda: folder.mkdir(parents=True, exist_ok=True))
            self._lock = self._take_lock(folder / "lock")
            undo.callback(os.close, self._lock)
            self._file = self._guard(lambda: os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            undo.callback(os.close, self._file)
            if not self._is_begun():
                self._begin(Header(1, chain.chain_id, chain.genesis, consortium, genesis, layout.FIRST_RECORD))
            self.reader = Replica(self.path)
            self.header = self.reader.header
            told = (self.header.chain_id, self.header.genesis, self.header.consortium)
            if told != (chain.chain_id, chain.genesis, consortium):
                raise Conflict("replica.other_chain", "the replica follows another chain or Consortium")
            self._end = self.header.end
            undo.pop_all()

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
        self._deferred.clear()
        self.reader = Replica(self.path)
        self.header = self.reader.header
        self._end = self.header.end

    def commit(self) -> None:
        """Make everything added so far count, durably."""
        for write in self._deferred:
            write()
        self._deferred.clear()
        self._guard(lambda: os.fdatasync(self._file))
        header = replace(self.header, sequence=self.header.sequence + 1, end=self._end)
        self._write(layout.SLOT * (header.sequence % 2), layout.pack_header(header))
        self.header = header
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
        """Open a list; one that a succeeding registry opens again goes on from the bits as they last stood."""
        region, number, size = args["region"], args["list"], args["size"]
        before = self.reader.list_location(region=region, number=number)
        if before is not None:
            size = max(size, before[1])
        offset = self._append(Kind.LIST, layout.STATUS_LIST.pack(region, size, number), zeros=size // 4)
        if before is not None:
            bits, octets = offset + layout.STATUS_LIST.size, before[1] // 4
            self._deferred.append(lambda: self._write(bits, os.pread(self._file, octets, before[0])))
        self._settle()

    def _change(self, args: Mapping[str, Any], *, known: int) -> None:
        region, number, status = args["region"], args["list"], args["status"]
        location = self.reader.list_location(region=region, number=number)
        if location is None or not all(index < location[1] for index in args["indices"]):
            raise Unavailable("replica.broken", f"no such place in status list {region}-{number}")
        offset, _size, newest = location
        indices = self._movable(region, number, args["indices"], status)
        body = layout.STATUS_CHANGE.pack(region, status, number, args["effectiveAt"], known, newest, len(indices))
        self._append(Kind.CHANGE, body + struct.pack(f"<{len(indices)}I", *indices))
        self._deferred.append(lambda: self._set_bits(offset, indices, status))
        self._settle()

    def _movable(self, region: int, number: int, indices: Iterable[int], status: int) -> tuple[int, ...]:
        """Leave out what its successor, which began at zero, is told again, or does not know to be final."""
        if not self.reader.is_continued(region=region, number=number):
            return tuple(indices)
        told = self.reader.recorded(region=region, number=number, indices=indices)
        return tuple(index for index, old in told.items() if old not in _FINAL and old != status)

    def _set_bits(self, offset: int, indices: tuple[int, ...], status: int) -> None:
        for index in indices:
            place, shift = offset + (index >> 2), 2 * (index & 3)
            (byte,) = os.pread(self._file, 1, place)
            self._write(place, bytes([byte & ~(3 << shift) & 0xFF | status << shift]))

    def _settle(self) -> None:
        """Let the writer's own reader see a list or change that a later record of the same block builds on."""
        self.reader.take_until(self._end)

    def _append(self, kind: Kind, body: bytes, *, zeros: int = 0) -> int:
        """Write a record whose body ends with `zeros` zero bytes; return where the body begins."""
        record = pack_record(kind, body, zeros=zeros)
        start, size = self._end, os.fstat(self._file).st_size
        self._end = layout.next_record(start, len(body) + zeros)
        if self._end > size:
            grown = self._end + max(_GROWTH, self._end // 4)
            self._guard(lambda: os.ftruncate(self._file, grown))
        self._write(start, record)
        # Beyond the old end the file is zero already, and takes no room on the disk until bits are set.
        for place in range(start + len(record), min(self._end, size), _GROWTH):
            self._write(place, bytes(min(_GROWTH, self._end - place)))
        return start + layout.RECORD.size

    def _is_begun(self) -> bool:
        """Tell whether the file ever had a header: the first goes to slot B, the second, at the first commit, to A."""
        page = os.pread(self._file, layout.FIRST_RECORD, 0)
        return len(page) == layout.FIRST_RECORD and (
            layout.unpack_headers(page) is not None or any(page[: layout.SLOT])
        )

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
        lock: int = self._guard(lambda: os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise Unavailable("replica.locked", f"another process follows into {path.parent}") from None
        return lock
