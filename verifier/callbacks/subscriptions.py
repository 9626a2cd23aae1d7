"""Use cases: a partner subscribes to callbacks, sees its subscriptions and ends them, at its sponsor's deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecert.domain import ids
from ecert.domain.errors import Conflict, NotAllowed, NotFound
from ecert.domain.gateways import PartnerGateway
from ecert.runtime.storage import Database, queue_behind
from verifier.callbacks.store import subscriptions as rows
from verifier.callbacks.store.subscriptions import Subscription, Whose
from verifier.callbacks.targets import Targets

__all__ = ["MOST", "MOST_DAYS", "Subscription", "Subscriptions", "Whose"]

MOST: Final = 5
"""Subscriptions of one partner."""

MOST_DAYS: Final = 365
"""For so long at most is kept what was accepted under one."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The subscriptions of a deployment that serves `regions`. Written names: `callback.subscribe`, `callback.end`."""

    database: Database
    targets: Targets
    regions: tuple[int, ...]

    def subscribe(self, partner: PartnerGateway, url: str, *, days: int, now: int) -> Subscription:
        """Subscribe; the same URL again is the same subscription, as it was made.

        Malformed("callback.url"), NotAllowed("callback.address" | "callback.elsewhere"), Conflict("callback.many").
        """
        self.targets.parse(url)
        if partner.region not in self.regions:
            raise NotAllowed("callback.elsewhere", f"region {partner.region}")
        whose = Whose(partner.region, partner.uscc)
        with self.database.transaction() as connection:
            queue_behind(connection, f"callbacks {whose.region} {whose.uscc}")
            own = rows.of(connection, whose)
            for each in own:
                if each.url == url:
                    return each
            if len(own) >= MOST:
                raise Conflict("callback.many", f"{MOST} a partner")
            made = Subscription(_new_name(), whose, url, days, now)
            rows.add(connection, made)
            return made

    def of(self, partner: PartnerGateway) -> list[Subscription]:
        """Return a partner's own, oldest first."""
        with self.database.reading() as connection:
            return rows.of(connection, Whose(partner.region, partner.uscc))

    def find(self, partner: PartnerGateway, name: str) -> Subscription:
        """Find one of a partner's own; NotFound("callback.unknown")."""
        with self.database.reading() as connection:
            found = rows.find(connection, Whose(partner.region, partner.uscc), name)
        if found is None:
            raise NotFound("callback.unknown")
        return found

    def end(self, partner: PartnerGateway, name: str) -> None:
        """End one, and forget all that was kept for it; NotFound("callback.unknown")."""
        with self.database.transaction() as connection:
            if not rows.end(connection, Whose(partner.region, partner.uscc), name):
                raise NotFound("callback.unknown")


def _new_name() -> str:
    """Draw a name that no command line takes for an option."""
    while (name := ids.new_token(128)).startswith("-"):
        pass
    return name
