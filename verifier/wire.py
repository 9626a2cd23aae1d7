"""The report as JSON: frozen key names, the same answer for every language (docs/spec/verdict.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ecert.domain.dates import civil_day
from ecert.domain.items import elements_for
from ecert.domain.reasons import Reason
from ecert.domain.strict import b64url_encode
from verifier.findings import Finding
from verifier.report import CertificateReport, Report, reason_of
from verifier.subject import Subject
from verifier.sufficiency import Need, Sufficiency

__all__ = ["as_json"]

VERSION: Final = 1


def as_json(report: Report) -> dict[str, Any]:
    """Give the wire object; times are Unix seconds, days are civil days in UTC+8."""
    return {
        "v": VERSION,
        "verdict": report.verdict.value,
        "assurance": report.assurance,
        "time": report.now,
        "at": report.question.at,
        "known_at": report.question.known_at,
        "division": report.question.division,
        "reasons": [_reason(reason) for reason in report.reasons],
        "basis": list(report.basis),
        "certificates": [_certificate(each, report.now) for each in report.certificates],
        "findings": [_finding(finding) for finding in report.findings],
        "sufficiency": _sufficiency(report.sufficiency) if report.sufficiency else None,
        "replica": {
            "block": report.head.number,
            "time": report.head.time,
            "age": report.now - report.head.time,
        },
    }


def _certificate(certificate: CertificateReport, now: int) -> dict[str, Any]:
    subject, authority = certificate.subject, certificate.authority
    return {
        "verdict": certificate.verdict.value,
        **_named(subject),
        "authority": {"uscc": authority[0], "name": authority[1]} if authority else None,
        "holders": [holder.claims() for holder in certificate.holders],
        "elements": _elements(subject),
        "mutable": {
            key: {"value": state.value, "at": state.at, "age": now - state.at}
            for key, state in certificate.mutable.items()
        },
        "status_reason": certificate.status_reason,
        "findings": [_finding(finding) for finding in certificate.findings],
    }


def _named(subject: Subject | None) -> dict[str, Any]:
    if subject is None:
        return dict.fromkeys(("type", "licence_id", "division", "fingerprint", "dates"))
    certificate, kind = subject.certificate, subject.kind
    return {
        "type": {"code": kind.code, "no": kind.no, "zh": kind.zh, "en": kind.en},
        "licence_id": str(certificate.licence) if certificate else None,
        "division": subject.division,
        "fingerprint": certificate.fingerprint.hex() if certificate else None,
        "dates": {
            "iat": subject.iat,
            "nbf": subject.nbf,
            "exp": subject.exp,
            "first_day": civil_day(subject.nbf).isoformat(),
            "last_day": None if subject.exp is None else civil_day(subject.exp - 1).isoformat(),
        },
    }


def _elements(subject: Subject | None) -> list[dict[str, Any]]:
    if subject is None:
        return []
    # In the catalogue's order: the certificate's own is that of its digests, by chance.
    return [
        {"key": known.key, "zh": known.zh, "en": known.en, "value": _plain(subject.elements[known.key])}
        for known in subject.kind.elements
        if known.key in subject.elements
    ]


def _plain(value: object) -> object:
    """Write an offline code's CBOR as JSON: bytes as base64url, keys as text."""
    match value:
        case bytes():
            return b64url_encode(value)
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def _finding(finding: Finding) -> dict[str, Any]:
    reason = reason_of(finding.code)
    return {
        "check": finding.check.value,
        "outcome": finding.outcome.value,
        "code": finding.code,
        "zh": reason.zh,
        "en": reason.en,
        "evidence": dict(finding.evidence),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "zh": reason.zh, "en": reason.en, "basis": reason.basis}


def _sufficiency(sufficiency: Sufficiency) -> dict[str, Any]:
    item = sufficiency.item
    return {
        "item": {"code": item.code, "zh": item.zh, "en": item.en},
        "verdict": sufficiency.verdict.value,
        "complete": sufficiency.is_complete,
        "assurance_too_low": sufficiency.is_too_low,
        "least_assurance": item.least_assurance,
        "needs": [_need(need, sufficiency) for need in sufficiency.needs],
    }


def _need(need: Need, sufficiency: Sufficiency) -> Mapping[str, Any]:
    return {
        "any_of": [{"type": code, "elements": list(elements_for(sufficiency.item, code))} for code in need.any_of],
        "state": need.state.value,
        "not_shown": list(need.not_shown),
    }
