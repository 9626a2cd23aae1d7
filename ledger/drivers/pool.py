"""What waits for the embedded chain's next block: in memory only, as the sender's queue keeps the bytes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ecert.domain.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from eth.abc import SignedTransactionAPI

__all__ = ["Pool"]

_MOST = 20_000


class Pool:
    """Waiting transactions in order of arrival, one an account and nonce; `arrivals` counts all that came."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._waiting: dict[tuple[bytes, int], SignedTransactionAPI] = {}
        self.arrivals = 0

    def add(self, transaction: SignedTransactionAPI) -> None:
        """Let a transaction wait; the same one again is no error.

        Conflict("ledger.nonce_used") when another waits at its nonce; Unavailable when too many wait.
        """
        place = (bytes(transaction.sender), transaction.nonce)
        with self._lock:
            known = self._waiting.get(place)
            if known is not None and known.hash != transaction.hash:
                raise Conflict("ledger.nonce_used", f"another transaction waits at nonce {transaction.nonce}")
            if len(self._waiting) >= _MOST:
                raise Unavailable("ledger.unavailable", f"{_MOST} transactions wait already")
            if known is None:
                self._waiting[place] = transaction
                self.arrivals += 1

    def ready(self, next_nonce: Callable[[bytes], int]) -> list[SignedTransactionAPI]:
        """List in order of arrival what can run now: each account's from its next nonce on, up to a gap.

        What became final on the way here is forgotten.
        """
        with self._lock:
            arrived = dict(self._waiting)
        expected = {sender: next_nonce(sender) for sender, _ in arrived}
        self._forget([place for place in arrived if place[1] < expected[place[0]]])
        early: set[tuple[bytes, int]] = set()
        taken: list[SignedTransactionAPI] = []
        for sender, nonce in arrived:
            early.add((sender, nonce))
            while (place := (sender, expected[sender])) in early:  # a gap closed lets the later ones follow
                taken.append(arrived[place])
                expected[sender] += 1
        return taken

    def drop(self, transactions: Iterable[SignedTransactionAPI]) -> None:
        """Forget transactions that have had their turn."""
        self._forget([(bytes(transaction.sender), transaction.nonce) for transaction in transactions])

    def _forget(self, places: list[tuple[bytes, int]]) -> None:
        with self._lock:
            for place in places:
                self._waiting.pop(place, None)
