"""What each kind of evidence must answer, as data: the table of docs/spec/verdict.md, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecert.domain.items import Assurance
from verifier.evidence import Evidence, Offline, Presented, Redeemed
from verifier.findings import Group

__all__ = ["FULL", "OFFLINE", "ONLINE", "Profile", "profile_of"]


@dataclass(frozen=True, slots=True)
class Profile:
    """Every group of which a report says something, in order, and those that need a VALID to accept.

    What is not required the home region attests.
    """

    assurance: Assurance
    groups: tuple[Group, ...]
    required: tuple[Group, ...]


_CERTIFICATE: Final = tuple(group for group in Group if group is not Group.CODE)
_ATTESTED: Final = (Group.FORM, Group.SIGNATURE, Group.ANCHOR)

FULL: Final = Profile("full", _CERTIFICATE, _CERTIFICATE)
ONLINE: Final = Profile("online", tuple(Group), tuple(Group))
OFFLINE: Final = Profile("offline", tuple(Group), tuple(group for group in Group if group not in _ATTESTED))


def profile_of(evidence: Evidence) -> Profile:
    """Return the column for a kind of evidence."""
    match evidence:
        case Presented():
            return FULL
        case Redeemed():
            return ONLINE
        case Offline():
            return OFFLINE
