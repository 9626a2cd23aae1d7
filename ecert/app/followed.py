"""The trust that was followed, as the rooms ask for it: what counts now, and what a signer may rely on."""

from __future__ import annotations

from ecert.domain.errors import Unavailable
from ecert.domain.trust import TrustState
from ledger.replica import Replica
from verifier.subject import AHEAD

__all__ = ["trust_in_time", "trust_now"]


def trust_now(replica: Replica) -> TrustState:
    """Give what the follower has taken until now: a key revoked a block ago opens no door."""
    replica.refresh()
    return replica.trust


def trust_in_time(replica: Replica, *, now: int) -> TrustState:
    """Tell a signer what was followed; Unavailable("replica.clock") while this clock is behind the chain's."""
    age = replica.age(now)
    if age < -AHEAD:
        raise Unavailable("replica.clock", f"{-age:.0f} s behind")
    return replica.trust
