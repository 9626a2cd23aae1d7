"""Group authority: could it issue this type there, with this key, when it was anchored (docs/spec/verdict.md).

Backdating: what counts is what held at the batch's block time, as recorded by `known_at`. What ended later does not
kill what was anchored before; what a thief signed cannot be anchored in the past.
"""

from __future__ import annotations

from ecert.domain.ids import division_covers
from ecert.domain.trust import Authority, KeyRecord
from verifier.checks.signature import PURPOSE
from verifier.findings import Finding, Group, Outcome, invalid, valid
from verifier.subject import Situation, Subject

__all__ = ["check"]


def check(subject: Subject, situation: Situation) -> Finding:
    """Ask of the authority, then of its key; offline, where a key names its owners, the best answer counts."""
    then = _then(subject, situation)
    keys = situation.keys_of(subject)
    if subject.issuer is not None:
        return _judge(subject.issuer, keys[0] if keys else None, then, subject, situation)
    answers = [
        _judge(key.owner, key, then, subject, situation)
        for key in keys
        if key.owner is not None and key.purpose == PURPOSE
    ]
    if not answers:
        return _key_absent(subject, situation)
    return next((answer for answer in answers if answer.outcome is Outcome.VALID), answers[0])


def _then(subject: Subject, situation: Situation) -> int:
    batch = situation.batch_of(subject)
    if batch is not None:
        return batch.time
    return situation.at if subject.iat is None else subject.iat


def _judge(uscc: str, key: KeyRecord | None, then: int, subject: Subject, situation: Situation) -> Finding:
    authority = situation.replica.trust.authorities.get(uscc)
    if authority is None or authority.not_before.known > situation.known_at:
        return situation.absent(Group.AUTHORITY, subject, missing="authority.unknown", pending="authority.pending")
    fault = _authority_fault(authority, then, subject, situation)
    if fault is not None:
        return fault
    if key is None:
        return _key_absent(subject, situation)
    code = _key_fault(key, at=then, known_at=situation.known_at)
    if code is not None:
        return invalid(Group.AUTHORITY, code, authority=uscc, then=then)
    return valid(Group.AUTHORITY, "authority.competent", authority=uscc, then=then)


def _authority_fault(authority: Authority, then: int, subject: Subject, situation: Situation) -> Finding | None:
    uscc, known_at = authority.uscc, situation.known_at
    if authority.not_before.when > then:
        return invalid(Group.AUTHORITY, "authority.not_yet", authority=uscc, then=then)
    if not authority.in_force(at=then, known_at=known_at):
        return invalid(Group.AUTHORITY, "authority.dissolved", authority=uscc, then=then)
    if not division_covers(outer=authority.division, inner=subject.division):
        return invalid(Group.AUTHORITY, "authority.division", authority=uscc, serves=authority.division)
    if not situation.replica.trust.may_issue(uscc, subject.kind.code, at=then, known_at=known_at):
        return situation.absent(Group.AUTHORITY, subject, missing="authority.not_granted", pending="authority.pending")
    return None


def _key_fault(key: KeyRecord, *, at: int, known_at: int) -> str | None:
    if key.not_before.when > at:
        return "key.not_yet"
    if key.is_compromised(at=at, known_at=known_at):
        return "key.compromised"
    if key.is_revoked(at=at, known_at=known_at):
        return "key.revoked"
    return None if key.in_period(at) else "key.expired"


def _key_absent(subject: Subject, situation: Situation) -> Finding:
    return situation.absent(Group.AUTHORITY, subject, missing="key.unknown", pending="key.pending")
