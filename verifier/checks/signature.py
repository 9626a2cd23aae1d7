"""Group signature: did the key that `kid` names sign it, by the suite that the trusted record says."""

from __future__ import annotations

from typing import Final

from ecert.domain import jws
from ecert.domain.errors import EcertError, VerificationFailed
from verifier.findings import Finding, Group, error, invalid, skipped, valid
from verifier.subject import Situation, Subject

__all__ = ["PURPOSE", "check"]

PURPOSE: Final = "certificate"


def check(subject: Subject, situation: Situation) -> Finding:
    """Verify the issuer's signature; what a home region attests instead is skipped."""
    if subject.certificate is None:
        return skipped(Group.SIGNATURE, "attested.home")
    keys = situation.keys_of(subject)
    if not keys:
        return situation.absent(Group.SIGNATURE, subject, missing="key.unknown", pending="key.pending")
    (key,) = keys
    if key.purpose != PURPOSE:
        return invalid(Group.SIGNATURE, "key.purpose", purpose=key.purpose)
    try:
        jws.verify(subject.certificate.token, suite_name=key.suite, spki=key.spki)
    except VerificationFailed:
        return invalid(Group.SIGNATURE, "signature.wrong", suite=key.suite)
    except EcertError as fault:
        return error(Group.SIGNATURE, fault.code, suite=key.suite)
    return valid(Group.SIGNATURE, "signature.right", suite=key.suite)
