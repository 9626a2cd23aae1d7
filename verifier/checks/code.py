"""Group code: is the home region speaking, now, about this very question (docs/spec/verdict.md).

Redeem responses (JWS) and offline codes (COSE) are not anchored one by one: they are judged at their `iat` by the
region's code keys, which rotate with overlap. Whether an offline code was used before nobody knows; the report says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ecert.domain import cose, jws
from ecert.domain.catalogue import CATALOGUE
from ecert.domain.errors import EcertError, VerificationFailed
from ecert.domain.offline import OfflineCode
from ecert.domain.redeem import RedeemClaims, RedeemResponse
from ecert.domain.trust import FOREVER, KeyRecord
from verifier.evidence import Asked, Evidence, Offline, Presented, Redeemed
from verifier.findings import Finding, Group, error, invalid, skipped, valid
from verifier.subject import Situation, key_id_of

__all__ = ["check", "offline", "response"]

PURPOSE: Final = "code"
FRESH: Final = 120
REPEATABLE: Final = 600
KEY_FRESHNESS: Final = CATALOGUE.strictest
"""What the code's key is looked up in must be young whatever is shown."""


def check(evidence: Evidence, situation: Situation) -> tuple[Finding, ...]:
    """Judge the code that the evidence came by; a file or presentation came by none."""
    match evidence:
        case Presented():
            return ()
        case Redeemed(answer, _shown, asked):
            return (response(answer, asked, situation),)
        case Offline(code):
            return offline(code, situation)


def response(answer: RedeemResponse, asked: Asked, situation: Situation) -> Finding:
    """Judge a home region's answer: signed by its code key, about what was asked, young."""
    claims, token = answer.claims, answer.token
    key = _key(claims.region, key_id_of(token.kid), claims.iat, situation)
    if isinstance(key, Finding):
        return key
    age = situation.now - claims.iat
    return (
        _signature(lambda: jws.verify(token, suite_name=key.suite, spki=key.spki))
        or _same_question(claims, asked)
        or _is_young(age, REPEATABLE if asked.repeatable else FRESH)
        or valid(Group.CODE, "code.fresh", region=claims.region, age=age)
    )


def offline(code: OfflineCode, situation: Situation) -> tuple[Finding, Finding]:
    """Judge an offline code: signed by its region's code key and not expired; that it is unused is not known."""
    return (_attested(code, situation), skipped(Group.CODE, "code.unused"))


def _attested(code: OfflineCode, situation: Situation) -> Finding:
    claims, message = code.claims, code.message
    key = _key(claims.region, message.kid, claims.iat, situation)
    if isinstance(key, Finding):
        return key
    wrong = _signature(lambda: cose.verify(message, suite_name=key.suite, spki=key.spki))
    if wrong:
        return wrong
    if claims.exp <= situation.now:
        return invalid(Group.CODE, "code.expired", expired=claims.exp)
    if claims.iat > situation.now + FRESH:
        return invalid(Group.CODE, "code.stale", age=situation.now - claims.iat)
    if situation.question.item not in {None, claims.item}:
        return invalid(Group.CODE, "code.other_item", item=claims.item)
    return valid(Group.CODE, "code.attested", region=claims.region, expires=claims.exp)


def _key(region: int, key_id: bytes, iat: int, situation: Situation) -> KeyRecord | Finding:
    key = situation.replica.trust.key(region=region, owner=None, key_id=key_id)
    if key is None:
        is_current = situation.is_fresh(KEY_FRESHNESS) and iat <= situation.head.time + FRESH
        if is_current:
            return invalid(Group.CODE, "code.key_unknown", region=region)
        return error(Group.CODE, "code.key_pending", region=region, block=situation.head.number)
    return _key_fault(key, iat) or key


def _key_fault(key: KeyRecord, iat: int) -> Finding | None:
    if key.purpose != PURPOSE:
        return invalid(Group.CODE, "code.key_purpose", purpose=key.purpose)
    if not key.in_period(iat):
        return invalid(Group.CODE, "code.key_period", iat=iat)
    if key.is_revoked(at=iat, known_at=FOREVER):
        return invalid(Group.CODE, "code.key_revoked", iat=iat)
    if key.is_compromised(at=iat, known_at=FOREVER):
        return invalid(Group.CODE, "code.key_compromised", iat=iat)
    return None


def _signature(verify: Callable[[], None]) -> Finding | None:
    try:
        verify()
    except VerificationFailed:
        return invalid(Group.CODE, "code.signature")
    except EcertError as fault:
        return error(Group.CODE, fault.code)
    return None


def _same_question(claims: RedeemClaims, asked: Asked) -> Finding | None:
    if claims.region != asked.region:
        return invalid(Group.CODE, "code.other_region", region=claims.region)
    if claims.code != asked.code:
        return invalid(Group.CODE, "code.other_code")
    if claims.audience != asked.audience:
        return invalid(Group.CODE, "code.other_audience")
    if claims.use != asked.use:
        return invalid(Group.CODE, "code.other_use")
    if claims.item != asked.item:
        return invalid(Group.CODE, "code.other_item", item=claims.item)
    return None


def _is_young(age: int, limit: int) -> Finding | None:
    return None if -FRESH <= age <= limit else invalid(Group.CODE, "code.stale", age=age, limit=limit)
