"""Group status: neither revoked nor suspended nor superseded, now or then (Token Status List, two bits)."""

from __future__ import annotations

from ecert.domain.offline import StatusPlace
from ecert.domain.status import Status
from verifier.findings import Finding, Group, error, invalid, valid
from verifier.subject import Situation, Subject

__all__ = ["check"]


def check(subject: Subject, situation: Situation) -> Finding:
    """Look the bits up in the replica; a list that it does not have yet is pending."""
    place, question = subject.status, situation.question
    if place.region != subject.region:
        return invalid(Group.STATUS, "status.region", region=place.region)
    status = situation.replica.status(
        region=place.region,
        number=place.number,
        index=place.index,
        at=question.at,
        known_at=question.known_at,
    )
    return _unknown(place, situation) if status is None else _judge(status)


def _unknown(place: StatusPlace, situation: Situation) -> Finding:
    location = situation.replica.list_location(region=place.region, number=place.number)
    if location is not None and place.index >= (size := location[1]):
        return invalid(Group.STATUS, "status.index", list=place.number, size=size)
    return error(Group.STATUS, "status.pending", list=place.number)


def _judge(status: Status) -> Finding:
    match status:
        case Status.VALID:
            return valid(Group.STATUS, "status.valid")
        case Status.INVALID:
            return invalid(Group.STATUS, "status.revoked")
        case Status.SUSPENDED:
            return invalid(Group.STATUS, "status.suspended")
        case Status.SUPERSEDED:
            return invalid(Group.STATUS, "status.superseded")
