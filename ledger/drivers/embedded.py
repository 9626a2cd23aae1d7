"""The ledger in one process: an EVM chain in a SQLite file, for one machine, the demonstration and the tests.

docs/decisions/0004-chain.md. At most one block a clock second, with everything that waits, because block times
must rise and never run ahead of the clock; an empty one each heartbeat, so that a quiet chain is not old.
What is not final yet is kept in memory only: the sender's queue hands the same bytes in again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ecert.domain import ids
from ecert.domain.errors import Conflict, Malformed, NotFound, Unavailable
from ledger.drivers import calls
from ledger.drivers.blockstore import BlockStore
from ledger.drivers.evm import CHAIN_ID, TRANSACTION_GAS, Evm, parse_transaction
from ledger.drivers.ownership import Ownership, server_of
from ledger.drivers.pool import Pool
from ledger.drivers.producer import Producer, Wait
from ledger.port import Account, Call, ChainIdentity, Event, FinalBlock, Head, Outcome, SignedTransaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from eth.abc import BlockHeaderAPI

__all__ = ["EmbeddedLedger", "open_embedded", "server_of"]

Clock = Callable[[], float]

_PATIENCE = 5.0  # seconds that `make_block` waits for the clock to pass the head


def open_embedded(
    path: Path, *, clock: Clock, heartbeat: int = 60, wait: Wait = threading.Event.wait
) -> EmbeddedLedger:
    """Open the chain in `path`, creating it where there is none, and begin to make blocks.

    `clock` gives Unix seconds, `heartbeat` is in seconds, `wait(event, seconds)` sleeps until either.
    Unavailable: "ledger.locked" names the process that holds the file, "ledger.unavailable" is SQLite's.
    """
    with ExitStack() as undo:
        ownership = Ownership(path)
        undo.callback(ownership.release)
        store = BlockStore(path)
        undo.callback(store.close)
        evm = Evm(store, time=int(clock()) - 1, extra=ids.random_bytes(32))
        undo.pop_all()
    return EmbeddedLedger(ownership, store, evm, clock=clock, heartbeat=heartbeat, wait=wait)


class EmbeddedLedger:
    """The `Ledger` port over a chain that this process owns."""

    def __init__(
        self, ownership: Ownership, store: BlockStore, evm: Evm, *, clock: Clock, heartbeat: int, wait: Wait
    ) -> None:
        """Take over what `open_embedded` has opened."""
        self._ownership = ownership
        self._store = store
        self._evm = evm
        self._clock = clock
        self._heartbeat = heartbeat
        self._wait = wait
        self._pool = Pool()
        self._served = 0  # of the pool's arrivals, those that have had their turn or wait behind a gap
        self._making = threading.Lock()
        self._newest = evm.newest()
        self._producer = Producer(seconds_until_due=self._seconds_until_due, make=self._make, wait=wait)

    def identity(self) -> ChainIdentity:
        """Say which chain this is: the first block carries 32 random bytes, so no two are alike."""
        return ChainIdentity(CHAIN_ID, bytes(self._evm.genesis.hash))

    def prepare(self, call: Call, account: Account, *, nonce: int) -> SignedTransaction:
        """Sign a call with the one gas limit of this chain, on which gas costs nothing."""
        payload = calls.encode_call(call)
        return calls.sign(
            account, chain_id=CHAIN_ID, nonce=nonce, gas=TRANSACTION_GAS, to=call.address, payload=payload
        )

    def prepare_deployment(
        self, contract: str, args: tuple[object, ...], account: Account, *, nonce: int
    ) -> SignedTransaction:
        """Sign the creation of a contract."""
        payload = calls.encode_deployment(contract, args)
        return calls.sign(account, chain_id=CHAIN_ID, nonce=nonce, gas=TRANSACTION_GAS, to=None, payload=payload)

    def submit(self, transaction: SignedTransaction) -> None:
        """Let a transaction wait for the next block. Malformed when this chain cannot run it."""
        if not self._producer.is_alive:
            raise Unavailable("ledger.unavailable", "no blocks are being made")
        parsed = parse_transaction(transaction.raw)
        if parsed.hash != transaction.hash:
            raise Malformed("ledger.transaction", "the hash is another transaction's")
        if parsed.nonce < self.next_nonce(parsed.sender):
            if self._store.outcome(transaction.hash) is None:
                raise Conflict("ledger.nonce_used", f"another transaction is final at nonce {parsed.nonce}")
            return
        self._pool.add(parsed)
        self._producer.wake()

    def signer_of(self, transaction: SignedTransaction) -> tuple[bytes, int]:
        """Recover the sender from the signature."""
        parsed = parse_transaction(transaction.raw)
        return bytes(parsed.sender), parsed.nonce

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Look into the index that is written together with the block."""
        found = self._store.outcome(transaction_hash)
        return None if found is None or found.block > self._newest.block_number else found

    def next_nonce(self, address: bytes) -> int:
        """Count the account's final transactions."""
        return self._evm.nonce(self._newest, address)

    def head(self) -> Head:
        """Return the newest durable block."""
        newest = self._newest
        return Head(newest.block_number, bytes(newest.hash), newest.timestamp)

    def blocks(self, *, first: int, last: int, contracts: Mapping[bytes, str]) -> Iterator[FinalBlock]:
        """Read blocks and decode the logs in their receipts; NotFound("ledger.no_block") beyond the head."""
        for number in range(first, last + 1):
            header = self._final(number)
            events = tuple(self._events(header, contracts))
            yield FinalBlock(number, bytes(header.hash), bytes(header.parent_hash), header.timestamp, events)

    def encode(self, call: Call) -> bytes:
        """Encode by the artefact's ABI."""
        return calls.encode_call(call)

    def ask(self, call: Call, *, block: int | None = None) -> tuple[object, ...]:
        """Run a view on a kept state; all of them are kept. NotAllowed("ledger.refused") when it reverts."""
        header = self._newest if block is None else self._final(block)
        return calls.decode_result(call, self._evm.run(header, call.address, calls.encode_call(call)))

    def slot(self, address: bytes, slot: int, *, block: int) -> bytes:
        """Read a slot of a kept state."""
        return self._evm.slot(self._final(block), address, slot).to_bytes(32, "big")

    def close(self) -> None:
        """Finish the block being made, close the file, release the lock. What waits is forgotten."""
        self._producer.stop()
        with self._making:
            self._store.close()
            self._ownership.release()

    def make_block(self) -> Head:
        """Make a block now, empty if need be: for whoever steps a chain by hand, as the tests do.

        Waits until the clock has passed the head; Unavailable("ledger.clock") when it is set far back.
        """
        while (seconds := self._newest.timestamp + 1 - self._clock()) > 0:
            if seconds > _PATIENCE:
                raise Unavailable("ledger.clock", f"the clock is {seconds:.0f} s behind the chain")
            self._wait(threading.Event(), seconds)
        self._make(even_empty=True)
        return self.head()

    def announce(self, url: str) -> None:
        """Tell other processes, by the lock file, where this one answers for the chain."""
        self._ownership.announce(url)

    def _seconds_until_due(self) -> float:
        interval = self._heartbeat if self._pool.arrivals == self._served else 1
        return self._newest.timestamp + interval - self._clock()

    def _make(self, *, even_empty: bool = False) -> None:
        """Append what can run; nothing changes unless the block is durable."""
        with self._making:
            parent, time = self._newest, int(self._clock())
            if time <= parent.timestamp:
                return
            arrivals = self._pool.arrivals
            ready = self._pool.ready(self.next_nonce)
            if ready or even_empty or time >= parent.timestamp + self._heartbeat:
                self._newest, turns = self._evm.append(parent, ready, time=time)
                self._pool.drop(ready[:turns])
                if turns < len(ready):
                    return
            self._served = arrivals

    def _final(self, number: int) -> BlockHeaderAPI:
        if not 0 <= number <= self._newest.block_number:
            raise NotFound("ledger.no_block", str(number))
        return self._evm.header(number)

    def _events(self, header: BlockHeaderAPI, contracts: Mapping[bytes, str]) -> Iterator[Event]:
        for receipt in self._evm.receipts(header):
            for log in receipt.logs:
                contract = contracts.get(bytes(log.address))
                if contract is not None:
                    topics = [topic.to_bytes(32, "big") for topic in log.topics]
                    yield calls.decode_event(contract, bytes(log.address), topics, bytes(log.data))
