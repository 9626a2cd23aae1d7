"""Group holder: is the person at hand one? Whoever shows a file has shown only that they have the file."""

from __future__ import annotations

from ecert.domain.certificate import Certificate
from ecert.domain.holders import HolderRef, same_person
from ecert.domain.offline import is_holder
from verifier.evidence import Evidence, Offline, Presented, Redeemed
from verifier.findings import Finding, Group, error, invalid, skipped, valid
from verifier.subject import Situation, Subject

__all__ = ["check"]


def check(evidence: Evidence, subject: Subject | None, situation: Situation) -> Finding:
    """Compare with the holder that the caller has identified, or take the home region's word where the code is it."""
    named = situation.question.holder
    match evidence:
        case Presented():
            certificate = subject.certificate if subject else None
            return _disclosed(certificate, named) if certificate else skipped(Group.HOLDER, "not.reached")
        case Redeemed(response):
            return _answered(is_named=named is not None, match=response.claims.holder_match)
        case Offline():
            return _committed(evidence, named)


def _disclosed(certificate: Certificate, named: HolderRef | None) -> Finding:
    # A key-binding JWT is read and reserved: nothing says yet which keys it may be made with, so it shows nobody.
    binding = "reserved" if certificate.sd_jwt.key_binding else "none"
    if named is None:
        return error(Group.HOLDER, "holder.not_shown", key_binding=binding)
    if not certificate.holders:
        return error(Group.HOLDER, "holder.not_disclosed")
    for holder in certificate.holders:
        if same_person(named, holder):
            return valid(Group.HOLDER, "holder.named", role=holder.role)
    return invalid(Group.HOLDER, "holder.mismatch")


def _answered(*, is_named: bool, match: bool | None) -> Finding:
    if match is None:
        # Whom the caller named, the home region must have compared; without its answer nothing is known.
        return error(Group.HOLDER, "holder.not_shown") if is_named else valid(Group.HOLDER, "holder.attested")
    return valid(Group.HOLDER, "holder.confirmed") if match else invalid(Group.HOLDER, "holder.mismatch")


def _committed(evidence: Offline, named: HolderRef | None) -> Finding:
    # An offline code lives for an hour and nobody can tell whether it was used: its picture may be anybody's.
    if named is None:
        return error(Group.HOLDER, "holder.not_shown")
    match = evidence.holder_match
    if match is None:
        match = is_holder(evidence.code.claims, named)
    return _answered(is_named=True, match=match)
