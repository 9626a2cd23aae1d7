"""What became of transactions on the network: read from proven results, never from a receipt.

Every block that became final since the start is read once, so a transaction that it holds is known without asking. For
one from before the start (a lost answer, a restart) an endpoint's receipt says only where to look.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from eth_hash.auto import keccak

from ecert.domain.errors import VerificationFailed
from ledger.drivers import calls
from ledger.drivers.evm import parse_transaction
from ledger.drivers.gas import BLOCK_GAS
from ledger.drivers.proven import WINDOW
from ledger.drivers.results import raw_transactions
from ledger.drivers.views import receipt_block
from ledger.drivers.witness import consensus
from ledger.port import Outcome

if TYPE_CHECKING:
    from ledger.drivers.proven import Proven
    from ledger.drivers.results import Result
    from ledger.drivers.validators import Endpoint, Validators

__all__ = ["Outcomes"]

_KEPT: Final = 50_000


@dataclass(frozen=True, slots=True)
class _Hint:
    """Where an endpoint says that a transaction is."""

    endpoint: Endpoint
    number: int


@dataclass(slots=True)
class Outcomes:
    """The outcomes of a network; `raw_of` gives the bytes of a transaction that this process sent, if it did."""

    validators: Validators
    proven: Proven
    chain_id: int
    raw_of: Callable[[bytes], bytes | None]
    _found: OrderedDict[bytes, tuple[int, Result]] = field(default_factory=OrderedDict)
    _final: OrderedDict[bytes, Outcome] = field(default_factory=OrderedDict)
    _asked: set[bytes] = field(default_factory=set)
    _read: int = -1
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def find(self, transaction_hash: bytes) -> Outcome | None:
        """Tell what became of a transaction, once it is final; an endpoint is asked once where to look."""
        with self._lock:
            if (known := self._final.get(transaction_hash)) is not None:
                return known
            self._read_on()
            if transaction_hash not in self._found and transaction_hash not in self._asked:
                self._look(transaction_hash, self.validators.first)
                self._asked.add(transaction_hash)
            return self._told(transaction_hash)

    def look_everywhere(self, transaction_hash: bytes) -> Outcome | None:
        """Ask every endpoint where to look: its nonce is used, so it is final, or another is."""
        with self._lock:
            self._read_on()
            if transaction_hash not in self._found:
                self._look(transaction_hash, self.validators.any)
            return self._told(transaction_hash)

    def _read_on(self) -> None:
        """Read what became final since; after a long pause what was known to be unseen may have come unseen."""
        head = self.proven.head().number
        if self._read < 0 or head - self._read > WINDOW:
            self._asked.clear()
            self._read = head
        while self._read < head:
            for result in self.proven.results(self._read + 1):
                self._note(self._read + 1, result)
            self._read += 1

    def _look(self, wanted: bytes, ask: Callable[[Callable[[Endpoint], _Hint | None]], _Hint | None]) -> None:
        head = self.proven.head().number

        def question(endpoint: Endpoint) -> _Hint | None:
            number = receipt_block(endpoint, wanted)
            return None if number is None or number > head else _Hint(endpoint, number)

        while (hint := ask(question)) is not None:
            for result in self.proven.results(hint.number):
                self._note(hint.number, result)
            if wanted in self._found:
                return
            self.validators.leave_out(
                hint.endpoint, f"its receipt names block {hint.number}, which does not hold the transaction"
            )

    def _note(self, number: int, result: Result) -> None:
        self._found[result.hash] = (number, result)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)

    def _told(self, wanted: bytes) -> Outcome | None:
        if wanted not in self._found:
            return None
        number, result = self._found[wanted]
        block = self.proven.block(number)
        created = None if result.error else self._created(wanted, number)
        outcome = Outcome(number, block.time, result.index, result.error is None, result.error, created)
        self._final[wanted] = outcome
        self._asked.discard(wanted)
        if len(self._final) > _KEPT:
            self._final.popitem(last=False)
        return outcome

    def _created(self, wanted: bytes, number: int) -> bytes | None:
        """Compute the address of a contract that the transaction created, from its own bytes."""
        raw = self.raw_of(wanted) or self.validators.first(lambda endpoint: _raw(endpoint, wanted, number))
        parsed = parse_transaction(raw, chain_id=self.chain_id, gas=BLOCK_GAS)
        return None if parsed.to else calls.created_address(bytes(parsed.sender), parsed.nonce)


def _raw(endpoint: Endpoint, wanted: bytes, number: int) -> bytes:
    told = consensus(endpoint, "block", height=str(number))
    for raw in raw_transactions(told):
        if keccak(raw) == wanted:
            return raw
    raise VerificationFailed(f"block {number} without the transaction that its results tell of")
