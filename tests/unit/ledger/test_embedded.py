"""What only the embedded chain promises: one owner, whole blocks through any crash, the clock, the disk."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from eth_hash.auto import keccak

from ecert.domain.errors import Conflict, Unavailable
from ledger.drivers import calls
from ledger.drivers.blockstore import BlockStore
from ledger.drivers.embedded import EmbeddedLedger, open_embedded, server_of
from ledger.drivers.evm import CHAIN_ID, parse_transaction
from ledger.drivers.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.port import SignedTransaction

SENDER = calls.account(keccak(b"sender"))
START = 1_800_000_000


@dataclass
class Clock:
    """A clock that stands until it is set; the chain's thread looks at it again every millisecond."""

    now: float = START
    looked: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> float:
        return self.now

    def wait(self, event: threading.Event, _seconds: float) -> None:
        self.looked.set()
        event.wait(0.001)

    def let_the_thread_look(self) -> None:
        """Return when the thread has looked at the present time, twice, and done what it wanted."""
        for _ in range(2):
            self.looked.clear()
            assert self.looked.wait(10)


def open_chain(path: Path, clock: Clock, *, heartbeat: int = 60) -> EmbeddedLedger:
    return open_embedded(path / "chain.sqlite", clock=clock, heartbeat=heartbeat, wait=clock.wait)


def transaction(nonce: int, payload: bytes = b"") -> SignedTransaction:
    """Send something to an address where nothing stands: it always succeeds."""
    return calls.sign(SENDER, chain_id=CHAIN_ID, nonce=nonce, gas=9_000_000, to=b"\x01" * 20, payload=payload)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)


def test_a_second_opener_is_told_who_holds_the_chain(tmp_path: Path) -> None:
    clock = Clock()
    with (
        closing(open_chain(tmp_path, clock)),
        pytest.raises(Unavailable, match=rf"ledger\.locked: held by process {os.getpid()}"),
    ):
        open_chain(tmp_path, clock)
    open_chain(tmp_path, clock).close()


def test_the_server_is_found_only_while_it_holds_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    assert server_of(path) is None
    ledger = open_chain(tmp_path, Clock())
    assert server_of(path) is None
    ledger.announce("http://127.0.0.1:8000")
    assert server_of(path) == "http://127.0.0.1:8000"
    ledger.close()
    assert server_of(path) is None


def test_a_dead_servers_announcement_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "chain.sqlite.lock").write_text('{"pid": 1, "url": "http://127.0.0.1:8000"}')
    assert server_of(tmp_path / "chain.sqlite") is None
    open_chain(tmp_path, Clock()).close()


def test_what_cannot_be_opened_is_unavailable_and_not_locked(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable, match=r"ledger\.unavailable"):
        open_chain(tmp_path, Clock())
    path.unlink()
    open_chain(tmp_path, Clock()).close()


def test_a_path_that_cannot_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"ledger\.unavailable"):
        open_chain(tmp_path / "file", Clock())


def test_one_block_a_second_with_everything_that_waits(tmp_path: Path) -> None:
    clock = Clock()
    with closing(open_chain(tmp_path, clock)) as ledger:
        ledger.submit(transaction(0))
        until(lambda: ledger.outcome(transaction(0).hash) is not None)
        for nonce in (1, 2, 3):
            ledger.submit(transaction(nonce))
        clock.let_the_thread_look()
        assert (ledger.head().number, ledger.head().time) == (1, START)
        clock.now += 1
        until(lambda: ledger.head().number == 2)
        assert [ledger.outcome(transaction(n).hash) is not None for n in (1, 2, 3)] == [True] * 3
        assert ledger.head().time == START + 1


def test_a_quiet_chain_makes_an_empty_block_each_heartbeat(tmp_path: Path) -> None:
    clock = Clock()
    with closing(open_chain(tmp_path, clock, heartbeat=60)) as ledger:
        clock.now = START + 58
        clock.let_the_thread_look()
        assert ledger.head().number == 0
        clock.now = START + 59
        until(lambda: ledger.head().number == 1)
        assert ledger.head().time == START + 59
        clock.let_the_thread_look()
        assert ledger.head().number == 1


def test_the_chain_waits_while_the_clock_is_behind(tmp_path: Path) -> None:
    clock = Clock()
    with closing(open_chain(tmp_path, clock)) as ledger:
        ledger.make_block()
        clock.now = START - 3600
        ledger.submit(transaction(0))
        clock.let_the_thread_look()
        assert ledger.head().time == START
        with pytest.raises(Unavailable, match=r"ledger\.clock"):
            ledger.make_block()
        clock.now = START + 1
        until(lambda: ledger.outcome(transaction(0).hash) is not None)
        assert ledger.head().time == START + 1


def test_a_block_may_be_asked_for(tmp_path: Path) -> None:
    clock = Clock()
    with closing(open_chain(tmp_path, clock)) as ledger:
        assert ledger.make_block().number == 1
        asked = threading.Thread(target=ledger.make_block)
        asked.start()  # waits for the second to pass
        clock.let_the_thread_look()
        assert ledger.head().number == 1
        clock.now += 1
        asked.join(10)
        assert ledger.head().number == 2


def test_a_gap_waits_and_makes_no_blocks(tmp_path: Path) -> None:
    clock = Clock()
    with closing(open_chain(tmp_path, clock)) as ledger:
        ledger.submit(transaction(1))
        for _ in range(5):
            clock.now += 1
            clock.let_the_thread_look()
        assert ledger.head().number == 0
        ledger.submit(transaction(0))
        until(lambda: ledger.outcome(transaction(1).hash) is not None)
        places = [ledger.outcome(transaction(nonce).hash) for nonce in (0, 1)]
        assert [(place.block, place.index) for place in places if place] == [(1, 0), (1, 1)]


def test_a_nonce_waits_for_one_transaction(tmp_path: Path) -> None:
    with closing(open_chain(tmp_path, Clock())) as ledger:
        ledger.submit(transaction(5))
        ledger.submit(transaction(5))
        with pytest.raises(Conflict, match=r"ledger\.nonce_used"):
            ledger.submit(transaction(5, b"other"))


def test_what_was_not_final_is_forgotten_and_may_be_sent_again(tmp_path: Path) -> None:
    clock = Clock()
    with closing(open_chain(tmp_path, clock)) as ledger:
        ledger.make_block()
        ledger.submit(transaction(0))
    with closing(open_chain(tmp_path, clock)) as ledger:
        assert ledger.outcome(transaction(0).hash) is None
        ledger.submit(transaction(0))
        clock.now += 1
        until(lambda: ledger.outcome(transaction(0).hash) is not None)


def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    ledger = open_chain(tmp_path, Clock())
    ledger.close()
    ledger.close()
    with pytest.raises(Unavailable):
        ledger.submit(transaction(0))
    with pytest.raises(Unavailable):
        ledger.outcome(bytes(32))


def test_a_full_disk_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite itself is told that the disk ends here, and later that it does not."""
    clock = Clock()
    big = transaction(0, bytes(range(256)) * 400)
    with closing(open_chain(tmp_path, clock)) as ledger:
        ledger.make_block()
        head = ledger.head()
        disk = ledger._store._writer
        (pages,) = disk.execute("PRAGMA page_count").fetchone()
        disk.execute(f"PRAGMA max_page_count = {pages}")
        ledger.submit(big)
        clock.now += 1
        until(lambda: "chain.no_block" in caplog.text)
        with pytest.raises(Unavailable, match=r"ledger\.unavailable: database or disk is full"):
            ledger.make_block()
        assert (ledger.head(), ledger.outcome(big.hash), ledger.next_nonce(SENDER.address)) == (head, None, 0)
        disk.execute("PRAGMA max_page_count = 1000000")
        until(lambda: ledger.outcome(big.hash) is not None)


def test_a_batch_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = BlockStore(path)
    store[b"before"] = b"1"
    with suppress(RuntimeError), store.atomic_batch() as batch:
        batch[b"one"] = b"1"
        with store.atomic_batch() as inner:
            inner[b"two"] = b"2"
        del batch[b"before"]
        assert (b"two" in store, b"before" in store) == (True, False)
        raise RuntimeError
    assert (b"one" in store, b"two" in store, b"before" in store) == (False, False, True)
    with store.atomic_batch() as batch:
        batch[b"one"] = b"1"
        del batch[b"before"]
    store.close()
    again = BlockStore(path)
    assert (again[b"one"], b"before" in again) == (b"1", False)
    with pytest.raises(KeyError):
        del again[b"before"]
    again.close()


def test_reading_goes_on_while_blocks_are_made(tmp_path: Path) -> None:
    clock = Clock()
    faults: list[BaseException] = []
    with closing(open_chain(tmp_path, clock)) as ledger:
        ledger.make_block()
        stop = threading.Event()

        def read() -> None:
            number = -1
            try:
                while not stop.is_set():
                    head = ledger.head()
                    assert head.number >= number
                    number = head.number
                    (block,) = ledger.blocks(first=number, last=number, contracts={})
                    assert block.hash == head.hash
                    assert ledger.next_nonce(SENDER.address) >= 5 * (number - 1)
            except BaseException as fault:  # noqa: BLE001 - handed to the test's own thread
                faults.append(fault)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for number in range(8):
            for step in range(5):
                ledger.submit(transaction(5 * number + step))
            clock.now += 1
            until(lambda number=number: ledger.next_nonce(SENDER.address) == 5 * number + 5)
        stop.set()
        for reader in readers:
            reader.join()
    assert faults == []


def test_what_became_final_on_the_way_in_does_not_hold_its_place() -> None:
    pool = Pool()
    pool.add(parse_transaction(transaction(0).raw))
    assert pool.ready(lambda _: 1) == []
    pool.add(parse_transaction(transaction(0, b"other").raw))
    (other,) = pool.ready(lambda _: 0)
    assert other.data == b"other"
