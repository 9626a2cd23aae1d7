"""Exhaustively: a bit that a disk turned in the replica's file is noticed, or carries nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ledger.replica import layout
from ledger.replica.layout import Kind
from verifier.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.hostile.conftest import Tell
    from tests.hostile.shown import Showing

HEADER = 136
"""Bytes of a header slot that carry something; the CRC is the last four."""


@pytest.fixture
def copy(showing: Showing, tmp_path: Path) -> Path:
    """Copy the file, as long as its records reach."""
    path = tmp_path / "replica.bin"
    shutil.copyfile(showing.folder / "replica.bin", path)
    with path.open("r+b") as file:
        file.truncate(showing.world.writer.header.end)
    return path


def test_every_bit_of_the_headers(showing: Showing, copy: Path, tell: Tell) -> None:
    """The newest slot broken, the one before still stands: it knows nothing yet of the newest batch."""
    whole = copy.read_bytes()
    newest = layout.SLOT * (showing.world.writer.header.sequence % 2)
    assert showing.stored(copy.parent) is Verdict.ACCEPT
    for offset, expected in ((newest, Verdict.CANNOT_DECIDE), (layout.SLOT - newest, Verdict.ACCEPT)):
        for bit in range(8 * HEADER):
            assert _turned(showing, copy, whole, 8 * offset + bit) is expected, (offset, bit)
    tell(f"{16 * HEADER} flips of the replica's headers, each noticed")


def test_every_bit_of_the_records(showing: Showing, copy: Path, tell: Tell) -> None:
    whole = copy.read_bytes()
    idle, bitmaps = _idle(whole), _bitmaps(whole)
    own = 2 * showing.issued_index
    tried = 0
    for bit in range(8 * layout.FIRST_RECORD, 8 * len(whole)):
        found = _turned(showing, copy, whole, bit)
        tried += 1
        if bit >> 3 in bitmaps:
            is_own = (bit - 8 * bitmaps.start) & ~1 == own
            assert found is (Verdict.REFUSE if is_own else Verdict.ACCEPT), bit
        elif bit >> 3 in idle:
            assert found is Verdict.ACCEPT, bit
        else:
            assert found == "replica.broken", bit
    tell(f"{tried} flips of the replica's records, each noticed, idle, or a status")


@pytest.mark.parametrize("length", [0, 1, 511, 512, 4095, 4096, 4097])
def test_a_file_cut_short(showing: Showing, copy: Path, length: int) -> None:
    whole = copy.read_bytes()
    copy.write_bytes(whole[:length])
    assert showing.stored(copy.parent) in {"replica.broken", "replica.missing"}
    copy.write_bytes(whole[: (length + len(whole)) // 2])
    assert showing.stored(copy.parent) == "replica.broken"


def _turned(showing: Showing, path: Path, whole: bytes, bit: int) -> Verdict | str:
    place = bit >> 3
    with path.open("r+b", buffering=0) as file:
        file.seek(place)
        file.write(bytes([whole[place] ^ 1 << (bit & 7)]))
        try:
            return showing.stored(path.parent)
        finally:
            file.seek(place)
            file.write(whole[place : place + 1])


def _walk(whole: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (offset, body's length, kind) of every record."""
    offset = layout.FIRST_RECORD
    while offset < len(whole):
        length, kind, _crc = layout.RECORD.unpack_from(whole, offset)
        yield offset, length, kind
        offset = layout.next_record(offset, length)


def _idle(whole: bytes) -> set[int]:
    """Collect the bytes that are there for their neighbours' places alone."""
    found: set[int] = set()
    for offset, length, _kind in _walk(whole):
        end = offset + layout.RECORD.size + length
        found |= {*range(offset + 5, offset + 8), *range(offset + 12, offset + 16)}
        found |= set(range(end, layout.next_record(offset, length)))
    return found


def _bitmaps(whole: bytes) -> range:
    """Find the one list's bitmap."""
    ((offset, length),) = [(offset, length) for offset, length, kind in _walk(whole) if kind == Kind.LIST]
    body = offset + layout.RECORD.size
    return range(body + layout.STATUS_LIST.size, body + length)
