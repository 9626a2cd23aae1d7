"""Callbacks wired: what a deployment's replica says, told to partners by its regions' gateway keys."""

from __future__ import annotations

from collections.abc import Callable

from ecert.app.floor import Floor
from ecert.app.followed import trust_now
from ecert.domain.signer import Signer
from ledger.replica import Replica
from verifier.callbacks import Accepting, Callbacks, Delivery, Noting, Posting, Subscriptions, Targets, Whose

__all__ = ["callbacks_of"]


def callbacks_of(floor: Floor, replica: Replica, signer: Callable[[int], Signer]) -> Callbacks:
    """Join the parts; `signer` opens a region's gateway key."""
    settings = floor.settings
    targets = Targets(settings.callback_networks, loopback=settings.demo)

    def has_ended(whose: Whose) -> bool:
        """Tell only what is known: a replica that is followed anew does not know the partner for a while."""
        partners = list(trust_now(replica).partners.values())
        known = [each for each in partners if (each.region, each.uscc) == (whose.region, whose.uscc)]
        return bool(known) and not any(each.in_force(floor.now()) for each in known)

    return Callbacks(
        Subscriptions(floor.database, targets, floor.regions),
        Accepting(floor.database, replica),
        Noting(floor.database, replica),
        Delivery(floor.database, Posting(targets, settings.ca_file), signer, has_ended, floor.now),
    )
