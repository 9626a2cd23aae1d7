"""Which transaction went to which validator when: the same bytes go to another one after four seconds.

The validators keep what waits in memory only, so a transaction that was taken once may still be lost; the queue that
lasts is the sender's (`ledger.sending`). What is kept here may be forgotten at any time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ecert.domain.errors import Malformed, Unavailable
from ecert.runtime.metrics import Counter
from ledger.drivers.wire import Refusal

if TYPE_CHECKING:
    from ledger.drivers.validators import Endpoint, Validators
    from ledger.port import SignedTransaction

__all__ = ["AGAIN", "Postbox"]

AGAIN: Final = 4.0
"""Seconds after which the same bytes are sent again: three blocks."""
_KEPT: Final = 50_000
_KNOWN: Final = ("already in mempool", "already known", "already exists in cache")
_LATER: Final = ("nonce", "mempool is full", "incorrect account sequence")
_FOREIGN: Final = "chain-id"


@dataclass(frozen=True, slots=True)
class _Sent:
    raw: bytes
    at: float
    to: str


@dataclass(slots=True)
class Postbox:
    """Sends to the validators; `sent` and `again` count."""

    validators: Validators
    sent: Counter = field(default_factory=Counter)
    again: Counter = field(default_factory=Counter)
    _kept: OrderedDict[bytes, _Sent] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_fresh(self, transaction_hash: bytes) -> bool:
        """Tell whether a transaction was sent in the last four seconds."""
        known = self._kept.get(transaction_hash)
        return known is not None and self.validators.clock() - known.at < AGAIN

    def raw_of(self, transaction_hash: bytes) -> bytes | None:
        """Return the bytes of what was sent from here."""
        known = self._kept.get(transaction_hash)
        return None if known is None else known.raw

    def send(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to a validator, another one than the last time.

        Malformed("ledger.transaction") where two refuse them for what they are; one alone is not believed.
        """
        known = self._kept.get(transaction.hash)
        name, refused = self.validators.elsewhere(
            lambda endpoint: _hand_in(endpoint, transaction), after=known.to if known else None
        )
        if refused:
            name, refused = self.validators.elsewhere(lambda endpoint: _hand_in(endpoint, transaction), after=name)
        if refused:
            raise Malformed("ledger.transaction", refused[:200])
        (self.again if known else self.sent).add(validator=name)
        with self._lock:
            self._kept[transaction.hash] = _Sent(transaction.raw, self.validators.clock(), name)
            self._kept.move_to_end(transaction.hash)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def _hand_in(endpoint: Endpoint, transaction: SignedTransaction) -> str:
    """Send; return why the validator refuses, empty where it took the bytes, has them, or is not ready for them."""
    try:
        endpoint.eth("eth_sendRawTransaction", "0x" + transaction.raw.hex())
    except Refusal as refusal:
        if _FOREIGN in refusal.message:
            raise Unavailable("ledger.other_network", endpoint.name) from refusal
        if any(words in refusal.message for words in (*_KNOWN, *_LATER)):
            return ""
        return refusal.message
    return ""
