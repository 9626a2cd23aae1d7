"""The verifier: one certificate, one question, one verdict, as numbered prose (docs/spec/verdict.md).

A pure function of the evidence, the replica and the time: no RPC, no SQL, no clock. What the caller must still do:
refresh the replica, identify the person at hand, and ask whether the certificates suffice (verifier.sufficiency).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.replica import Replica
from verifier.checks import (
    anchor,
    authority,
    code,
    form,
    freshness,
    holder,
    recognition,
    signature,
    status,
    validity,
)
from verifier.evidence import Evidence, Offline, Question
from verifier.findings import Finding, Group, Outcome, Verdict, skipped
from verifier.profiles import Profile, profile_of
from verifier.subject import Situation, Subject

__all__ = ["Judged", "verify"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One certificate's verdict and findings in the groups' order; `subject` is None where nothing could be read."""

    evidence: Evidence
    profile: Profile
    verdict: Verdict
    findings: tuple[Finding, ...]
    subject: Subject | None


def verify(
    evidence: Evidence,
    *,
    question: Question,
    replica: Replica,
    now: int,
    code_findings: tuple[Finding, ...] | None = None,
) -> Judged:
    """Judge one certificate at `now` (Unix seconds). `code_findings` spares a response of several a repetition."""
    situation = Situation(replica, question, now)

    # 1. Code: does the home region speak, about this question? What an offline code says stands on this alone.
    coded = code.check(evidence, situation) if code_findings is None else code_findings
    if isinstance(evidence, Offline) and coded[0].outcome is not Outcome.VALID:
        return _judge(evidence, coded, None)

    # 2. Form: is it a certificate of a known type? Read here, once.
    formed, subject = form.check(evidence)

    # 3. Holder: is the person at hand one of its holders?
    held = holder.check(evidence, subject, situation)
    if subject is None:
        return _judge(evidence, (*coded, held, formed), None)

    findings = (
        *coded,
        held,
        formed,
        # 4. Signature: did the authority's key sign it?
        signature.check(subject, situation),
        # 5. Authority: could it issue this, there, when it was anchored?
        authority.check(subject, situation),
        # 6. Anchor: is it in a final batch?
        anchor.check(subject, situation),
        # 7. Status: does it stand?
        status.check(subject, situation),
        # 8. Validity: is it in its period?
        validity.check(subject, situation),
        # 9. Recognition: does this division take it from that one?
        recognition.check(subject, situation),
        # 10. Freshness: is the replica young enough to say all this?
        freshness.check(subject, situation),
    )
    return _judge(evidence, findings, subject)


def _judge(evidence: Evidence, findings: tuple[Finding, ...], subject: Subject | None) -> Judged:
    profile = profile_of(evidence)
    answered = {finding.check for finding in findings}
    # The steps go in the groups' order and stop early or not at all, so what was not reached stands after the rest.
    every = findings + tuple(skipped(group, "not.reached") for group in profile.groups if group not in answered)
    return Judged(evidence, profile, _verdict(every, profile.required), every, subject)


def _verdict(findings: Iterable[Finding], required: Iterable[Group]) -> Verdict:
    outcomes = {finding.outcome for finding in findings}
    if Outcome.INVALID in outcomes:
        return Verdict.REFUSE
    held = {finding.check for finding in findings if finding.outcome is Outcome.VALID}
    if Outcome.ERROR not in outcomes and held.issuperset(required):
        return Verdict.ACCEPT
    return Verdict.CANNOT_DECIDE
