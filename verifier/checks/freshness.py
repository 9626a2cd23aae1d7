"""Group freshness: is the replica young enough for this type, and not ahead of the clock; staleness is never silent."""

from __future__ import annotations

from verifier.findings import Finding, Group, error, valid
from verifier.subject import AHEAD, Situation, Subject

__all__ = ["check", "stale"]


def check(subject: Subject, situation: Situation) -> Finding:
    """Compare the newest final block's time with now; the limit is the catalogue's, in seconds."""
    limit = subject.kind.freshness
    return stale(situation, limit=limit) or valid(Group.FRESHNESS, "replica.fresh", age=situation.age, limit=limit)


def stale(situation: Situation, *, limit: int) -> Finding | None:
    """Say why the replica cannot be relied on at a limit in seconds; None where it can."""
    age = situation.age
    if age < -AHEAD:
        return error(Group.FRESHNESS, "replica.clock", ahead=-age)
    if age > limit:
        return error(Group.FRESHNESS, "replica.stale", age=age, limit=limit)
    return None
