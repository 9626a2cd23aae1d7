"""The report: what the clerk reads and the file keeps, each finding with its sentence and its article.

Frozen key names and an example: docs/spec/verdict.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ecert.domain.holders import Holder
from ecert.domain.items import Assurance, Item
from ecert.domain.reasons import REASONS, Reason
from ecert.domain.redeem import Mutable
from ledger.port import Head
from verifier.evidence import Question, Redeemed
from verifier.findings import Finding, Group, Outcome, Verdict, error, invalid
from verifier.subject import Situation, Subject
from verifier.sufficiency import State, Sufficiency, assess, overall
from verifier.verify import Judged

__all__ = ["CertificateReport", "Report", "away", "reason_of", "refused", "report_on"]

_DECISIVE: Mapping[Verdict, Outcome] = {
    Verdict.ACCEPT: Outcome.VALID,
    Verdict.REFUSE: Outcome.INVALID,
    Verdict.CANNOT_DECIDE: Outcome.ERROR,
}


@dataclass(frozen=True, slots=True)
class CertificateReport:
    """One certificate: what is known of it (`subject` None: nothing could be read) and how it was judged."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    subject: Subject | None
    authority: tuple[str, str] | None
    holders: tuple[Holder, ...] = field(repr=False)
    mutable: Mapping[str, Mutable] = field(repr=False)
    status_reason: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """A verdict with all that it rests on. `findings` are those about the code where no certificate came with it."""

    verdict: Verdict
    assurance: Assurance
    question: Question
    now: int
    head: Head
    certificates: tuple[CertificateReport, ...]
    findings: tuple[Finding, ...]
    sufficiency: Sufficiency | None
    reasons: tuple[Reason, ...]

    @property
    def basis(self) -> tuple[str, ...]:
        """The articles relied on, each once."""
        return tuple(dict.fromkeys(reason.basis for reason in self.reasons if reason.basis))


def report_on(
    judged: Sequence[Judged],
    *,
    situation: Situation,
    assurance: Assurance,
    item: Item | None = None,
    findings: tuple[Finding, ...] = (),
) -> Report:
    """Report on certificates that were judged together; `findings` about the code stand alone where there are none."""
    sufficiency = assess(item, judged) if item else None
    verdict = _verdict(judged, sufficiency, findings)
    every = [finding for each in judged for finding in each.findings] or list(findings)
    codes = [finding.code for finding in every if finding.outcome is _DECISIVE[verdict]]
    return Report(
        verdict=verdict,
        assurance=assurance,
        question=situation.question,
        now=situation.now,
        head=situation.head,
        certificates=tuple(_certificate(each, situation) for each in judged),
        findings=() if judged else findings,
        sufficiency=sufficiency,
        reasons=tuple(reason_of(code) for code in dict.fromkeys([*codes, *_insufficient(sufficiency)])),
    )


def refused(code: str, *, situation: Situation, assurance: Assurance) -> Report:
    """Report a code that its home region, or the codec, refuses: no certificate was seen."""
    known = code if code in REASONS else "home.refused"
    return report_on((), situation=situation, assurance=assurance, findings=(invalid(Group.CODE, known, told=code),))


def away(code: str, *, cause: str, situation: Situation) -> Report:
    """Report that the home region could not be asked or understood: an outage, never a forgery."""
    return report_on((), situation=situation, assurance="online", findings=(error(Group.CODE, code, cause=cause),))


def reason_of(code: str) -> Reason:
    """Find a code's sentence; another region's newer code has none here yet."""
    return REASONS.get(code) or REASONS["home.refused"]


def _verdict(judged: Sequence[Judged], sufficiency: Sufficiency | None, findings: tuple[Finding, ...]) -> Verdict:
    if not judged and any(finding.outcome is Outcome.INVALID for finding in findings):
        return Verdict.REFUSE
    return sufficiency.verdict if sufficiency else overall(judged)


def _insufficient(sufficiency: Sufficiency | None) -> tuple[str, ...]:
    if sufficiency is None:
        return ()
    too_low = ("assurance.too_low",) if sufficiency.is_too_low else ()
    missing = any(need.state is State.MISSING for need in sufficiency.needs)
    return (*too_low, "item.incomplete") if missing else too_low


def _certificate(judged: Judged, situation: Situation) -> CertificateReport:
    subject, evidence = judged.subject, judged.evidence
    shown = evidence.shown if isinstance(evidence, Redeemed) else None
    return CertificateReport(
        verdict=judged.verdict,
        findings=judged.findings,
        subject=subject,
        authority=_authority(subject, situation),
        holders=subject.certificate.holders if subject and subject.certificate else (),
        mutable=shown.mutable if shown else {},
        status_reason=shown.status_reason if shown else None,
    )


def _authority(subject: Subject | None, situation: Situation) -> tuple[str, str] | None:
    """Name the authority, (USCC, name), by the replica and not by what the certificate says."""
    if subject is None:
        return None
    uscc = subject.issuer or next((key.owner for key in situation.keys_of(subject)), None)
    authority = situation.replica.trust.authorities.get(uscc) if uscc else None
    return (authority.uscc, authority.name) if authority else None
