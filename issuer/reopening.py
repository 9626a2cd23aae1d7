"""Status lists that the chain should have and has not: opened again, in order, under their numbers and at their sizes.

A StatusRegistry that succeeds another begins empty, and an opening may have been refused (docs/contracts.md). What the
replica followed of a list stays in force; until the list is open again, nothing on it can change.
"""

from __future__ import annotations

from issuer.room import Issuer
from issuer.store import lists
from ledger import acts

__all__ = ["reopen_lists"]


def reopen_lists(issuer: Issuer, now: int) -> int:
    """Queue the opening of each region's missing lists; return how many. Unavailable("ledger.*") without the chain."""
    return sum(_reopen(issuer, region, now) for region in issuer.regions)


def _reopen(issuer: Issuer, region: int, now: int) -> int:
    account = f"{region}-status"
    (known,) = issuer.sending.ledger.ask(issuer.directory.call("StatusRegistry", "listCount", region))
    with issuer.database.transaction() as connection:
        missing = lists.after(connection, region=region, number=int(str(known)))
        if not missing or issuer.sending.is_busy(connection, account):
            return 0
        for each in missing:
            call = acts.create_status_list(issuer.directory, region=region, number=each.number, size=each.size)
            issuer.sending.queue(connection, call, account=account, now=now)
    return len(missing)
