"""Group validity: is it within its dates, and are the disclosed elements that lapse by themselves."""

from __future__ import annotations

from ecert.domain.catalogue import lapsed_elements
from ecert.domain.dates import civil_day
from ecert.domain.errors import Malformed
from verifier.findings import Finding, Group, invalid, valid
from verifier.subject import Situation, Subject

__all__ = ["check"]


def check(subject: Subject, situation: Situation) -> Finding:
    """Compare with legal time: nbf is in the period, exp is not, None is 长期."""
    at = situation.at
    if at < subject.nbf:
        return invalid(Group.VALIDITY, "validity.not_yet", nbf=subject.nbf, at=at)
    if subject.exp is not None and subject.exp <= at:
        return invalid(Group.VALIDITY, "validity.expired", exp=subject.exp, at=at)
    try:
        lapsed = lapsed_elements(subject.kind, subject.elements, on=civil_day(at))
    except Malformed as fault:
        return invalid(Group.VALIDITY, fault.code)
    if dead := _wholly_lapsed(subject, lapsed):
        return invalid(Group.VALIDITY, "validity.element", element=dead, at=at)
    noted = {"lapsed": ",".join(lapsed)} if lapsed else {}
    return valid(Group.VALIDITY, "validity.in_force", at=at, **noted)


def _wholly_lapsed(subject: Subject, lapsed: tuple[str, ...]) -> str | None:
    """Name an element of which nothing is in force; one old endorsement beside a good one is only noted."""
    for rule in subject.kind.validity.elements:
        value = subject.elements.get(rule.key)
        entries = [path for path in lapsed if path.split("[")[0] == rule.key]
        if entries and len(entries) == (len(value) if isinstance(value, list) else 1):
            return rule.key
    return None
