"""The report in the words of a screen: one sentence that says what to do now, and each certificate with its face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ecert.runtime.shell import Row, face_rows
from verifier.findings import Outcome, Verdict
from verifier.report import CertificateReport, Report
from verifier.wire import as_json

__all__ = ["ShownCertificate", "articles_of", "certificates_of", "explanation_of", "is_away"]

_ACCEPT: Final = {
    "zh": "凭此办理，不再收取纸质证照。",
    "en": "Go on with the case; no paper certificate is to be asked for.",
}
_REFUSE: Final = {
    "zh": "不能凭此办理。请把下列原因告知群众。",
    "en": "The case cannot go on with this. Tell the person these reasons.",
}
_AWAY: Final = {
    "zh": "系统暂时无法核验，这不说明证照有问题。请稍后重试。",
    "en": "It cannot be checked just now; this does not mean that anything is wrong with the certificate. Try again.",
}
_INCOMPLETE: Final = {
    "zh": "所出示的证照没有问题，但材料还不齐，请看“所需证照”。",
    "en": "Nothing is wrong with what was shown, but it is not all that the item needs: see what is missing.",
}


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """One certificate as its wire object `told` (docs/spec/verdict.md), with its rows and its status' reason's code."""

    told: Mapping[str, Any] = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)
    mutable: tuple[tuple[Row, int], ...] = field(repr=False)
    reason: str | None

    @property
    def is_known(self) -> bool:
        """Whether anything could be read of it."""
        return self.told["type"] is not None


def explanation_of(report: Report) -> Mapping[str, str]:
    """Say what to do: an outage is told from a refusal, and both from a certificate that is merely missing."""
    match report.verdict:
        case Verdict.ACCEPT:
            return _ACCEPT
        case Verdict.REFUSE:
            return _REFUSE
        case Verdict.CANNOT_DECIDE:
            return _AWAY if is_away(report) else _INCOMPLETE


def articles_of(report: Report) -> tuple[Mapping[str, str], ...]:
    """Give the articles relied on, each once, with what they mean in English."""
    found = {each.basis: each.basis_en or each.basis for each in report.reasons if each.basis}
    return tuple({"zh": zh, "en": en} for zh, en in found.items())


def is_away(report: Report) -> bool:
    """Tell whether a dependency failed, so that trying again may help."""
    findings = [*report.findings, *(finding for each in report.certificates for finding in each.findings)]
    undecided = report.verdict is Verdict.CANNOT_DECIDE
    return undecided and any(finding.outcome is Outcome.ERROR for finding in findings)


def certificates_of(report: Report) -> tuple[ShownCertificate, ...]:
    """Give the certificates in the report's order."""
    told = as_json(report)["certificates"]
    return tuple(_shown(each, wire, report.now) for each, wire in zip(report.certificates, told, strict=True))


def _shown(certificate: CertificateReport, told: Mapping[str, Any], now: int) -> ShownCertificate:
    subject = certificate.subject
    if subject is None:
        return ShownCertificate(told, (), (), None)
    states = certificate.mutable
    rows = face_rows(subject.kind, {key: state.value for key, state in states.items()})
    known = [element.key for element in subject.kind.elements if element.key in states]
    return ShownCertificate(
        told=told,
        rows=face_rows(subject.kind, {each["key"]: each["value"] for each in told["elements"]}),
        mutable=tuple((row, max(0, now - states[key].at)) for row, key in zip(rows, known, strict=True)),
        reason=certificate.status_reason,
    )
