from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import cbor2
import pytest

from ecert.domain.errors import Conflict, Unavailable
from ecert.domain.status import Status
from ledger.port import ChainIdentity, Event
from ledger.replica import AUDIT, CERTIFICATES, layout
from ledger.replica.layout import FIRST_RECORD, SLOT, Kind
from tests.unit.ledger.blocks import (
    ANCHOR,
    CHAIN,
    START,
    anchored,
    block,
    changed,
    created,
    event,
    hash_of,
    member,
    open_writer,
    opened,
    write,
)

ROOT = Path(__file__).parents[3]


def test_what_was_followed_is_read(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, member(31), created(1), anchored(1)), block(2, changed(1, 5, 9)))
        replica = opened(tmp_path)

    assert (replica.head.number, replica.head.hash, replica.age(START + 5)) == (2, hash_of(2), 3)
    assert list(replica.trust.members) == [31]
    batch = replica.batch(region=31, kind=CERTIFICATES, number=1)
    assert batch is not None
    assert (batch.contract, batch.size, batch.block, batch.time) == (ANCHOR, 5, 1, START + 1)
    assert [replica.status(region=31, number=1, index=i) for i in (4, 5, 9)] == [0, 1, 1]
    assert replica.bitmap(region=31, number=1) == bytes([0, 1 << 2, 1 << 2]) + bytes(253)


def test_what_does_not_exist_is_none(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
        replica = opened(tmp_path)

    assert replica.status(region=31, number=2, index=0) is None
    assert replica.status(region=31, number=1, index=1024) is None
    assert replica.bitmap(region=32, number=1) is None
    assert replica.batch(region=31, kind=AUDIT, number=1) is None


def test_an_event_that_nobody_knows_is_kept_and_ignored(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, event(""), event("Hello", x=2**255, y=["a", b"b"]), member(32)))
    assert list(opened(tmp_path).trust.members) == [32]


@pytest.mark.parametrize(
    "told",
    [
        event("MemberRemoved", region=True),
        event("MemberRemoved", region="31"),
        event("MemberRemoved"),
        event("MemberRemoved", region=31, name=""),
        event("TypesGranted", **{"uscc": bytes(18), "types": bytes(21), "from": 1}),
        event("TypesGranted", **{"uscc": bytes(18), "types": [21], "from": 1}),
        event("RecognitionSet", **{"accepting": 3, "types": [], "issuing": [], "accepted": [], "from": 1}),
        event("AuditProved", region=31),
    ],
)
def test_an_event_that_no_contract_tells_is_broken(tmp_path: Path, told: Event) -> None:
    with closing(open_writer(tmp_path)) as writer, pytest.raises(Unavailable, match=r"replica\.broken"):
        write(writer, block(1, told))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.LIST, layout.STATUS_LIST.pack(31, 1024, 1) + bytes(8)),
        (Kind.CHANGE, layout.STATUS_CHANGE.pack(31, 1, 1, 0, 0, 0, 2) + bytes(4)),
        (Kind.CHANGE, layout.STATUS_CHANGE.pack(31, 1, 1, 0, 0, 1 << 40, 1) + bytes(4)),
        (Kind.EVENT, cbor2.dumps([bytes(20), "", {}, True, 0])),
        (Kind.EVENT, cbor2.dumps({})),
    ],
)
def test_a_record_that_no_follower_wrote_is_broken(tmp_path: Path, kind: Kind, body: bytes) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
        writer._append(kind, body)
        with pytest.raises(Unavailable, match=r"replica\.broken"):
            writer._settle()


def test_nothing_counts_before_the_commit_not_even_a_bit(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
        replica = opened(tmp_path)
        writer.add(block(2, changed(1, 5), member(31)))
        replica.refresh()
        assert (replica.status(region=31, number=1, index=5), replica.head.number) == (Status.VALID, 1)
        assert replica.trust.members == {}

        writer.commit()
        replica.refresh()
        assert (replica.status(region=31, number=1, index=5), replica.head.number) == (Status.INVALID, 2)


def test_what_is_rolled_back_leaves_nothing(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
        writer.add(block(2, changed(1, 5), created(2), member(31)))
        writer.roll_back()
        write(writer, block(2, created(2), changed(2, 6)))
        replica = opened(tmp_path)

    assert replica.bitmap(region=31, number=1) == bytes([0, 2 << 4]) + bytes(254)
    assert replica.bitmap(region=31, number=2) == bytes(256)
    assert (replica.trust.members, replica.head.number) == ({}, 2)


def test_after_a_crash_before_the_header_the_same_blocks_are_followed_again(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
    headers = (tmp_path / "replica.bin").read_bytes()[: 2 * SLOT]
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(2, changed(2, 5)), block(3, changed(1, 5)))
    with (tmp_path / "replica.bin").open("r+b") as file:
        file.write(headers)

    with closing(open_writer(tmp_path)) as writer:
        assert writer.header.head.number == 1
        write(writer, block(2, changed(2, 5)), block(3, changed(1, 5)))
    replica = opened(tmp_path)
    assert replica.status(region=31, number=1, index=5) == Status.INVALID
    assert replica.status(region=31, number=1, index=5, known_at=START + 2) == Status.SUSPENDED


@pytest.mark.parametrize("slot", [0, SLOT])
@pytest.mark.parametrize("length", [0, 1, 100, 135])
def test_a_torn_header_leaves_the_one_before(tmp_path: Path, slot: int, length: int) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, member(31)))
        write(writer, block(2, member(32)))
    whole = opened(tmp_path).header.sequence % 2 * SLOT
    with (tmp_path / "replica.bin").open("r+b") as file:
        file.seek(slot + length)
        file.write(b"\xee" * (160 - length))

    assert opened(tmp_path).head.number == (1 if slot == whole else 2)
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(2, member(32)), block(3)) if slot == whole else write(writer, block(3))
    assert list(opened(tmp_path).trust.members) == [31, 32]


@pytest.mark.parametrize(
    "left", [b"", bytes(100), bytes(FIRST_RECORD), bytes(SLOT) + b"ECERTRP2\x01" + bytes(FIRST_RECORD)]
)
def test_a_file_whose_making_was_cut_short_is_made_again(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "replica.bin").write_bytes(left)
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, member(31)))
    assert opened(tmp_path).head.number == 1


def test_a_file_without_a_whole_header_is_broken_and_its_lock_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "replica.bin").write_bytes(b"\xee" * 8192)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"replica\.broken"):
            open_writer(tmp_path)
    with pytest.raises(Unavailable, match=r"replica\.broken"):
        opened(tmp_path)


@pytest.mark.parametrize("place", [0, 4, 8, 16, 40])
def test_a_record_that_is_none_is_named_and_no_crash(tmp_path: Path, place: int) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, member(31)))
    with (tmp_path / "replica.bin").open("r+b") as file:
        file.seek(FIRST_RECORD + place)
        file.write(b"\xff" * 8)
    with pytest.raises(Unavailable, match=r"replica\.broken"):
        opened(tmp_path)


def test_a_replica_that_nobody_made_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"replica\.missing"):
        opened(tmp_path)


def test_another_chain_or_consortium_is_refused_and_the_file_stays_usable(tmp_path: Path) -> None:
    open_writer(tmp_path).close()
    others = (ChainIdentity(1, CHAIN.genesis), ChainIdentity(CHAIN.chain_id, b"\x08" * 32))
    for other in others:
        with pytest.raises(Conflict, match=r"replica\.other_chain"):
            open_writer(tmp_path, chain=other)
    with pytest.raises(Conflict, match=r"replica\.other_chain"):
        open_writer(tmp_path, consortium=bytes(20))
    open_writer(tmp_path).close()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)), pytest.raises(Unavailable, match=r"replica\.locked"):
        open_writer(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"replica\.unwritable"):
        open_writer(tmp_path / "file" / "replica")


WRITING = """
import sys, itertools
from pathlib import Path
from tests.unit.ledger.blocks import *
writer = open_writer(Path(sys.argv[1]))
write(writer, block(1, created(1)))
for number in itertools.count(2):
    write(writer, block(number, changed(2 if number % 2 == 0 else 0, 7), member(number % 64 + 10)))
"""


def test_a_reader_sees_what_another_process_follows_also_when_that_is_killed(tmp_path: Path) -> None:
    follower = subprocess.Popen([sys.executable, "-c", WRITING, str(tmp_path)], cwd=ROOT)  # fmt: skip
    deadline = time.monotonic() + 20
    replica = None
    try:
        while replica is None or replica.head.number < 50:
            assert time.monotonic() < deadline
            assert follower.poll() is None
            time.sleep(0.01)
            if replica is None and (tmp_path / "replica.bin").exists():
                replica = _try_open(tmp_path)
            elif replica is not None:
                replica.refresh()
        with pytest.raises(Unavailable, match=r"replica\.locked"):
            open_writer(tmp_path)
    finally:
        follower.kill()
        follower.wait()
    with closing(open_writer(tmp_path)) as writer:
        number = writer.header.head.number
        write(writer, block(number + 1, changed(1, 7)))
    replica.refresh()
    assert (replica.head.number, replica.status(region=31, number=1, index=7)) == (number + 1, Status.INVALID)
    known = {n: replica.status(region=31, number=1, index=7, known_at=START + n) for n in range(1, number + 1)}
    assert known == {n: Status.SUSPENDED if n % 2 == 0 else Status.VALID for n in known}


def _try_open(folder: Path):  # noqa: ANN202 - a replica, or none yet
    try:
        return opened(folder)
    except Unavailable:
        return None


def test_the_file_grows_under_its_readers(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
        replica = opened(tmp_path)
        before = (tmp_path / "replica.bin").stat().st_size
        write(writer, block(2, created(2, 2**23), changed(1, 2**23 - 1, number=2)))
        assert (tmp_path / "replica.bin").stat().st_size > before
        replica.refresh()
    assert replica.status(region=31, number=2, index=2**23 - 1) == Status.INVALID


def test_a_huge_list_costs_no_room_before_it_is_used(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1, 2**31)), block(2, changed(1, 2**31 - 1)))
        used = os.fstat(writer._file).st_blocks * 512
    assert used < 8 << 20
    assert opened(tmp_path).status(region=31, number=1, index=2**31 - 1) == Status.INVALID


def test_a_change_outside_its_list_is_refused(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)))
        for wrong in (changed(1, 1024), changed(1, 0, number=2)):
            with pytest.raises(Unavailable, match=r"replica\.broken"):
                writer.add(block(2, wrong))
            writer.roll_back()
        write(writer, block(2))


def test_a_list_opened_again_by_a_succeeding_registry_goes_on(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)), block(2, changed(1, 1), changed(2, 2), changed(3, 3)))
        later = b"\x51" * 20
        again = created(1, 4096, address=later)
        write(writer, block(3, again, changed(2, 1, 3, 4, address=later), changed(0, 4, address=later)))
        write(writer, block(4, changed(1, 2, 4000, address=later)))
        replica = opened(tmp_path)
        statuses = [replica.status(region=31, number=1, index=i) for i in (0, 1, 2, 3, 4, 4000)]
        recorded = [replica.status(region=31, number=1, index=i, at=START) for i in (0, 1, 2, 3, 4, 4000)]

    assert statuses == recorded == [0, 1, 1, 3, 0, 1]
    assert replica.status(region=31, number=1, index=2, known_at=START + 3) == Status.SUSPENDED


def test_what_a_succeeding_registry_is_told_again_is_no_change(tmp_path: Path) -> None:
    later = b"\x51" * 20
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1)), block(2, changed(1, 1), changed(2, 2, 3), changed(0, 3)))
        again = created(1, address=later)
        write(writer, block(3, again, changed(1, 1, address=later), changed(2, 2, 3, address=later)))
        write(writer, block(4, changed(2, 2, 3, 4, address=later)))
        replica = opened(tmp_path)

    changes = replica.changes(region=31, number=1, after=3)
    assert [(each.status, each.indices) for each in changes] == [(1, ()), (2, (3,)), (2, (4,))]
    recorded = replica.recorded(region=31, number=1, indices=range(6))
    assert recorded == {0: 0, 1: 1, 2: 2, 3: 2, 4: 2, 5: 0}
    assert recorded == {i: replica.status(region=31, number=1, index=i) for i in recorded}


def test_changes_of_a_list_are_counted_alike_by_every_reader(tmp_path: Path) -> None:
    later = b"\x08" * 20
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, created(1), changed(2, 3, 4)))
        early = opened(tmp_path)
        position = early.position
        write(writer, block(2, changed(1, 3)), block(3, created(1, 4096, address=later), changed(0, 4, address=later)))
        early.refresh()
        late = opened(tmp_path)

    assert [each.counted(region=31, number=1) for each in (early, late)] == [3, 3]
    assert early.counted(region=31, number=1, until=position) == 1
    assert early.counted(region=31, number=1, until=FIRST_RECORD) == 0
    assert late.changes(region=31, number=1, after=0) == early.changes(region=31, number=1, after=0)
    assert [(each.status, each.indices) for each in late.changes(region=31, number=1, after=1)] == [
        (1, (3,)),
        (0, (4,)),
    ]
    assert late.changes(region=31, number=1, after=3) == []
    assert (late.counted(region=32, number=1), late.changes(region=32, number=1, after=0)) == (None, [])


def test_batches_of_succeeding_contracts_are_kept_apart(tmp_path: Path) -> None:
    later = b"\xa1" * 20
    with closing(open_writer(tmp_path)) as writer:
        write(writer, block(1, anchored(1), anchored(1, kind=AUDIT)), block(2, anchored(2, kind=AUDIT, size=9)))
        write(writer, block(3, anchored(1, contract=later, size=7), anchored(1, kind=AUDIT, size=11, contract=later)))
        replica = opened(tmp_path)

    def size(contract: bytes | None) -> int | None:
        found = replica.batch(region=31, kind=CERTIFICATES, number=1, contract=contract)
        return found and found.size

    assert (size(ANCHOR), size(later), size(None), size(bytes(20))) == (5, 7, 7, None)
    assert [log.size for log in replica.audit_logs[31]] == [5, 9, 11]
