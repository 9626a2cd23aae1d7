"""What each kind of evidence must answer, as data: design section 6's table, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecert.domain.items import Assurance
from verifier.evidence import Evidence, Offline, Presented, Redeemed
from verifier.findings import Group

__all__ = ["FULL", "OFFLINE", "ONLINE", "Profile", "profile_of"]


@dataclass(frozen=True, slots=True)
class Profile:
    """Groups that need a VALID to accept, and groups that the home region attests instead."""

    assurance: Assurance
    required: tuple[Group, ...]
    attested: tuple[Group, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """Every group of which a report says something, in order."""
        return tuple(group for group in Group if group in self.required or group in self.attested)


_ATTESTED: Final = (Group.FORM, Group.SIGNATURE, Group.ANCHOR)

FULL: Final = Profile("full", tuple(group for group in Group if group is not Group.CODE))
ONLINE: Final = Profile("online", tuple(Group))
OFFLINE: Final = Profile("offline", tuple(group for group in Group if group not in _ATTESTED), _ATTESTED)


def profile_of(evidence: Evidence) -> Profile:
    """Return the column for a kind of evidence."""
    match evidence:
        case Presented():
            return FULL
        case Redeemed():
            return ONLINE
        case Offline():
            return OFFLINE
