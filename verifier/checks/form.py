"""Group form: is it a certificate, of a type, with elements and holders, that the catalogue knows."""

from __future__ import annotations

from typing import Final

from ecert.domain import certificate as certificates
from ecert.domain.catalogue import CertificateType, by_code, by_no
from ecert.domain.certificate import Certificate
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.offline import OfflineCertificate, StatusPlace
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.status import list_id
from verifier.evidence import Evidence, Offline, Presented, Redeemed
from verifier.findings import Finding, Group, invalid, skipped, valid
from verifier.subject import Subject, key_id_of

__all__ = ["check"]

_ACCOMPANYING: Final = frozenset({"agent", "legal_representative", "guardian", "child"})
"""Roles whose bearer need not be of the kind that the type is issued to."""


def check(evidence: Evidence) -> tuple[Finding, Subject | None]:
    """Read the certificate once; what was read is None where there is nothing to go on with."""
    try:
        match evidence:
            case Presented(sd_jwt, receipt):
                return _whole(sd_jwt, receipt)
            case Redeemed(shown=shown):
                return _whole(shown.sd_jwt, shown.receipt)
            case Offline(certificate=entry):
                return skipped(Group.FORM, "attested.home"), _of_entry(entry)
    except (Malformed, NotFound) as fault:
        return invalid(Group.FORM, fault.code), None


def _whole(sd_jwt: str, receipt: AnchorReceipt | None) -> tuple[Finding, Subject]:
    certificate = certificates.parse(sd_jwt)
    subject = _of_certificate(certificate, receipt)
    finding = _elements(subject.kind, certificate) or _holders(subject.kind, certificate)
    return finding or valid(Group.FORM, "form.known", type=subject.kind.code), subject


def _of_certificate(certificate: Certificate, receipt: AnchorReceipt | None) -> Subject:
    region, number = list_id(certificate.status.uri)
    return Subject(
        kind=by_code(certificate.type_code),
        division=certificate.division,
        issuer=certificate.issuer,
        key_id=key_id_of(certificate.token.kid),
        iat=certificate.iat,
        nbf=certificate.nbf,
        exp=certificate.exp,
        status=StatusPlace(region, number, certificate.status.index),
        elements=certificate.elements,
        batch_number=receipt.batch if receipt else None,
        certificate=certificate,
        receipt=receipt,
    )


def _of_entry(entry: OfflineCertificate) -> Subject:
    return Subject(
        kind=by_no(entry.type_no),
        division=entry.division,
        issuer=None,
        key_id=entry.authority_key,
        iat=None,
        nbf=entry.nbf,
        exp=entry.exp,
        status=entry.status,
        elements=entry.elements,
        batch_number=entry.batch,
    )


def _elements(kind: CertificateType, certificate: Certificate) -> Finding | None:
    for key in certificate.elements:
        try:
            is_mutable = kind.element(key).mutable
        except NotFound:
            return invalid(Group.FORM, "element.unknown", type=kind.code)
        if is_mutable:
            return invalid(Group.FORM, "element.mutable", element=key)
    return None


def _holders(kind: CertificateType, certificate: Certificate) -> Finding | None:
    for holder in certificate.holders:
        if holder.role not in _ACCOMPANYING and holder.kind not in kind.holder_kinds:
            return invalid(Group.FORM, "form.holder_kind", kind=holder.kind)
    return None
