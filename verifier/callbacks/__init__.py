"""Callbacks: a partner is told when the chain changes what it accepted (docs/spec/callbacks.md).

made = callbacks.subscriptions.subscribe(partner, "https://partner.example/callbacks", days=90, now=now)
callbacks.accepting.keep(made, [report], position=position, now=now)   # after a verdict
callbacks.noting.once(now)                                             # after following: the outbox
callbacks.delivery.once()                                              # the worker
"""

from __future__ import annotations

from dataclasses import dataclass

from verifier.callbacks.accepting import Accepting
from verifier.callbacks.delivering import Delivery
from verifier.callbacks.noting import Noting
from verifier.callbacks.posting import Posting
from verifier.callbacks.subscriptions import Subscription, Subscriptions, Whose
from verifier.callbacks.targets import Targets

__all__ = [
    "Accepting",
    "Callbacks",
    "Delivery",
    "Noting",
    "Posting",
    "Subscription",
    "Subscriptions",
    "Targets",
    "Whose",
]


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The four ends of it, over one database and one replica."""

    subscriptions: Subscriptions
    accepting: Accepting
    noting: Noting
    delivery: Delivery

    def purge(self, now: int) -> None:
        """Forget what has had its time, and what was kept for partners that are sponsored no more."""
        self.accepting.purge(now)
        self.delivery.purge(now)
