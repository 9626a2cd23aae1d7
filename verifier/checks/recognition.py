"""Group recognition: does the accepting division take this type from that one; each decides for itself, on chain."""

from __future__ import annotations

from verifier.findings import Finding, Group, invalid, valid
from verifier.subject import Situation, Subject, region_of

__all__ = ["check"]


def check(subject: Subject, situation: Situation) -> Finding:
    """Ask at legal time; a region's own certificates need no recognition, but an explicit no stands."""
    accepting = situation.question.division
    accepted = situation.replica.trust.recognises(
        accepting=accepting,
        type_code=subject.kind.code,
        issuing=subject.division,
        at=situation.at,
        known_at=situation.known_at,
    )
    if accepted is False:
        return invalid(Group.RECOGNITION, "recognition.no", accepting=accepting, issuing=subject.division)
    if accepted:
        return valid(Group.RECOGNITION, "recognition.yes", accepting=accepting, issuing=subject.division)
    if region_of(accepting) == subject.region:
        return valid(Group.RECOGNITION, "recognition.own", accepting=accepting)
    return situation.absent(Group.RECOGNITION, subject, missing="recognition.none", pending="recognition.pending")
