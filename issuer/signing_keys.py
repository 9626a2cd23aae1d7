"""Which key signs: an authority's newest that the chain vouches for, so that nothing is signed in vain."""

from __future__ import annotations

from sqlalchemy import Connection

from ecert.domain.errors import Conflict, NotAllowed
from ecert.domain.signer import Signer
from ecert.domain.strict import b64url_decode
from ecert.domain.suites import suite
from ecert.domain.trust import TrustState
from issuer.room import Issuer
from issuer.store import authorities
from issuer.store.authorities import StoredKey

__all__ = ["PURPOSE", "check_suite", "name_key", "signer_for"]

PURPOSE = "certificate"


def name_key(uscc: str, *, suite_name: str, number: int) -> str:
    """Name an authority's key in custody."""
    return f"authority-{uscc}-{suite_name}-{number}"


def check_suite(name: str) -> None:
    """Hold that certificates may be signed with a suite; NotAllowed("suite.verify_only" | "suite.unavailable")."""
    row = suite(name)
    if not row.issues:
        raise NotAllowed("suite.verify_only", name)
    if not row.available:
        raise NotAllowed("suite.unavailable", name)


def signer_for(issuer: Issuer, connection: Connection, uscc: str, *, suite_name: str, now: int) -> Signer:
    """Load the key to sign with; Conflict("issue.no_key") where the chain vouches for none just now."""
    check_suite(suite_name)
    trust = issuer.trust()
    for key in authorities.keys_of(connection, uscc, suite=suite_name):
        if key.active and _stands(trust, key, now):
            return issuer.keys.signer(key.key_name, suite=suite_name)
    raise Conflict("issue.no_key", f"{uscc} {suite_name}")


def _stands(trust: TrustState, key: StoredKey, now: int) -> bool:
    record = trust.key(region=key.region, owner=key.uscc, key_id=b64url_decode(key.kid))
    return (
        record is not None
        and record.purpose == PURPOSE
        and record.is_known(now)
        and record.in_period(now)
        and not record.is_revoked(at=now, known_at=now)
        and not record.is_compromised(at=now, known_at=now)
    )
