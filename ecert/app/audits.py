"""What stands against the regions' audit logs: breaks that their members did not agree on, roots that nobody proved."""

from __future__ import annotations

from dataclasses import dataclass

from ecert.app.wiring import House

__all__ = ["Unproved", "newest_break", "unproved"]


@dataclass(frozen=True, slots=True)
class Unproved:
    """How many anchored roots of a region wait for its proof, and for how many seconds the oldest has."""

    count: int
    age: float


def newest_break(house: House, region: int) -> int:
    """Give the number of a region's newest root that does not continue the one before; 0 for none.

    Those that the members agreed on (ECERT_AUDIT_AGREED) do not count, so that whatever comes after is seen.
    """
    agreed = house.floor.settings.audit_agreed
    found = house.replica.forged_logs.get(region, ())
    return max((number for number in found if (region, number) not in agreed), default=0)


def unproved(house: House, region: int) -> Unproved:
    """Tell what a member has not proved, by this machine's clock since it was anchored; one that left owes nothing."""
    member = house.replica.trust.members.get(region)
    waiting = house.replica.unjudged(region) if member is not None and member.removed is None else ()
    return Unproved(len(waiting), house.floor.clock.now() - waiting[0].time if waiting else 0)
