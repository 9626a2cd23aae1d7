"""The report in the words of a screen: one sentence that says what to do now, and each certificate with its face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ecert.domain.catalogue import Element, by_code
from ecert.runtime.shell import Row, face_rows
from verifier.findings import Group, Outcome, Verdict
from verifier.recognition import why_not
from verifier.report import CertificateReport, Report
from verifier.subject import Subject
from verifier.sufficiency import Need
from verifier.wire import as_json

__all__ = ["ShownCertificate", "articles_of", "certificates_of", "explanation_of", "is_away", "needs_of"]

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
_UNNAMED: Final = {
    "zh": "请先核实出示人身份，回到上一页填写其证件号码，再核验一次。",
    "en": "Identify the person first: enter their document's number on the page before, then check again.",
}
_TOO_LOW: Final = {
    "zh": "所出示的证照没有问题，但此事项要求更高的核验方式，请群众改用在线码或证照文件。",
    "en": "Nothing is wrong with what was shown, but the item needs more assurance: an online code, or the file.",
}
_INCOMPLETE: Final = {
    "zh": "所出示的证照没有问题，但材料还不齐，请看“所需证照”。",
    "en": "Nothing is wrong with what was shown, but it is not all that the item needs: see what is missing.",
}


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """One certificate as its wire object `told` (docs/spec/verdict.md), with its rows and its status' reason's code.

    `unrecognised` is the first matrix's reason, by language, where a province takes no such type from others.
    """

    told: Mapping[str, Any] = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)
    mutable: tuple[tuple[Row, int], ...] = field(repr=False)
    reason: str | None
    unrecognised: Mapping[str, str] | None = None

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
            return _undecided(report)


def articles_of(report: Report) -> tuple[Mapping[str, str], ...]:
    """Give the articles relied on, each once, with what they mean in English."""
    found = {each.basis: each.basis_en or each.basis for each in report.reasons if each.basis}
    return tuple({"zh": zh, "en": en} for zh, en in found.items())


def is_away(report: Report) -> bool:
    """Tell whether a dependency failed, so that trying again may help; a holder whom nobody named is none."""
    return report.verdict is Verdict.CANNOT_DECIDE and bool(_errors(report) - {Group.HOLDER})


def needs_of(report: Report) -> tuple[tuple[Need, tuple[Element, ...]], ...]:
    """Give what the item needs, each with those of its elements that were not shown."""
    return tuple((need, _absent(need)) for need in (report.sufficiency.needs if report.sufficiency else ()))


def certificates_of(report: Report) -> tuple[ShownCertificate, ...]:
    """Give the certificates in the report's order."""
    told = as_json(report)["certificates"]
    return tuple(_shown(each, wire, report.now) for each, wire in zip(report.certificates, told, strict=True))


def _absent(need: Need) -> tuple[Element, ...]:
    known = {element.key: element for code in need.any_of for element in by_code(code).elements}
    return tuple(known[key] for key in need.not_shown)


def _undecided(report: Report) -> Mapping[str, str]:
    if is_away(report):
        return _AWAY
    if Group.HOLDER in _errors(report):
        return _UNNAMED
    return _TOO_LOW if report.sufficiency and report.sufficiency.is_too_low else _INCOMPLETE


def _errors(report: Report) -> set[Group]:
    findings = [*report.findings, *(finding for each in report.certificates for finding in each.findings)]
    return {finding.check for finding in findings if finding.outcome is Outcome.ERROR}


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
        unrecognised=_unrecognised(certificate, subject),
    )


def _unrecognised(certificate: CertificateReport, subject: Subject) -> Mapping[str, str] | None:
    for finding in certificate.findings:
        if finding.code == "recognition.no":
            accepting, issuing = (str(finding.evidence[name])[:2] for name in ("accepting", "issuing"))
            return None if accepting == issuing else why_not(accepting=accepting, type_code=subject.kind.code)
    return None
