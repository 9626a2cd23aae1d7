"""Group status: neither revoked nor suspended nor superseded, now or then (Token Status List, two bits)."""

from __future__ import annotations

from ecert.domain.status import Status
from verifier.findings import Finding, Group, error, invalid, valid
from verifier.subject import Situation, Subject

__all__ = ["check"]


def check(subject: Subject, situation: Situation) -> Finding:
    """Look the bits up in the replica; a list that it does not have yet is pending."""
    place, question = subject.status, situation.question
    if place.region != subject.region:
        return invalid(Group.STATUS, "status.region", region=place.region)
    location = situation.replica.list_location(region=place.region, number=place.number)
    if location is None:
        return error(Group.STATUS, "status.pending", list=place.number)
    _offset, size, _newest = location
    if place.index >= size:
        return invalid(Group.STATUS, "status.index", list=place.number, size=size)
    status = situation.replica.status(
        region=place.region,
        number=place.number,
        index=place.index,
        at=question.at,
        known_at=question.known_at,
    )
    return error(Group.STATUS, "status.pending", list=place.number) if status is None else _judge(status)


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
