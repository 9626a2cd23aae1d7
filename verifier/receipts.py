"""The receipt for the file: a report's digest, signed by the region's receipt key and held in its audit log (RFC 7515).

Some windows print a certificate and have it signed; this stands for that sheet. It holds nothing personal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from ecert.domain import ids, jws
from ecert.domain.errors import Malformed, NotFound, Unavailable
from ecert.domain.strict import b64url_decode, b64url_encode
from ecert.domain.trust import FOREVER
from ecert.domain.use import Use, use_hash
from verifier.findings import Verdict
from verifier.report import Report
from verifier.subject import key_id_of
from verifier.wire import as_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ecert.domain.signer import Signer
    from ecert.runtime.storage import Database
from ledger.replica import Replica

__all__ = ["TYP", "Audit", "Receipt", "Receipts", "issue_receipt", "parse_receipt", "report_digest", "verify_receipt"]

TYP: Final = "ecert-receipt+jwt"
PURPOSE: Final = "receipt"
_ISS: Final = "urn:cn:ecert:region:"
_LIMIT: Final = 4096
_NAMES: Final = {"iss", "iat", "jti", "report", "verdict", "item", "use"}


class Audit(Protocol):
    """Appends one record to a region's audit log, in the caller's transaction."""

    def __call__(
        self, connection: Connection, *, region: int, kind: str, record: Mapping[str, object], now: int
    ) -> object:
        """Record; the leaf counts when the transaction commits."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A parsed receipt; `report` and `use` are SHA-256 digests, `use` None where no code was redeemed."""

    region: int
    iat: int
    jti: str
    report: bytes
    verdict: Verdict
    item: str | None
    use: bytes | None
    token: jws.Jws


@dataclass(frozen=True, slots=True)
class Receipts:
    """How a deployment gives receipts: `signer` opens a region's receipt key, `audit` is the log that each joins."""

    signer: Callable[[int], Signer]
    database: Database
    audit: Audit

    def issue(self, report: Report, *, use: Use | None, region: int, now: int) -> str | None:
        """Sign one and keep its hash; None where that cannot be done just now: the verdict stands without it."""
        try:
            signer = self.signer(region)
            return issue_receipt(
                report, use=use, region=region, signer=signer, database=self.database, audit=self.audit, now=now
            )
        except Unavailable:
            return None


def report_digest(report: Report) -> bytes:
    """Digest a report: SHA-256 over its canonical JSON (RFC 8785)."""
    return sha256(orjson.dumps(as_json(report), option=orjson.OPT_SORT_KEYS)).digest()


def issue_receipt(
    report: Report, *, use: Use | None, region: int, signer: Signer, database: Database, audit: Audit, now: int
) -> str:
    """Sign a receipt, and let its hash join the region's audit log before anybody sees it."""
    claims = {
        "iss": f"{_ISS}{region}",
        "iat": now,
        "jti": ids.new_token(128),
        "report": b64url_encode(report_digest(report)),
        "verdict": report.verdict.value,
        "item": report.question.item,
        "use": b64url_encode(use_hash(use)) if use else None,
    }
    text = jws.sign(signer, typ=TYP, claims=claims)
    record = {"receipt": b64url_encode(sha256(text.encode()).digest()), "verdict": report.verdict.value}
    with database.transaction() as connection:
        audit(connection, region=region, kind="receipt", record=record, now=now)
    return text


def parse_receipt(text: str) -> Receipt:
    """Read a receipt; Malformed("desk_receipt.form"), `jws.*`, `base64.*`. Nothing is verified yet."""
    token = jws.parse(text, typ=TYP, limit=_LIMIT)
    claims = token.claims
    if claims.keys() != _NAMES or not _are_texts(claims):
        raise Malformed("desk_receipt.form", "a name is missing, unknown or of another type")
    region = claims["iss"].removeprefix(_ISS)
    verdict = claims["verdict"]
    if claims["iss"] != f"{_ISS}{region}" or region not in map(str, range(10, 100)) or verdict not in set(Verdict):
        raise Malformed("desk_receipt.form", "the issuer is no region, or the verdict is none")
    return Receipt(
        region=int(region),
        iat=claims["iat"],
        jti=claims["jti"],
        report=b64url_decode(claims["report"]),
        verdict=Verdict(verdict),
        item=claims["item"],
        use=None if claims["use"] is None else b64url_decode(claims["use"]),
        token=token,
    )


def verify_receipt(text: str, *, replica: Replica) -> Receipt:
    """Verify a receipt by its region's receipt key at its `iat`; VerificationFailed, NotFound("desk_receipt.key")."""
    receipt = parse_receipt(text)
    key = replica.trust.key(region=receipt.region, owner=None, key_id=key_id_of(receipt.token.kid))
    if key is None or key.purpose != PURPOSE or not key.in_period(receipt.iat):
        raise NotFound("desk_receipt.key")
    if any(ended(at=receipt.iat, known_at=FOREVER) for ended in (key.is_revoked, key.is_compromised)):
        raise NotFound("desk_receipt.key")
    jws.verify(receipt.token, suite_name=key.suite, spki=key.spki)
    return receipt


def _are_texts(claims: Mapping[str, Any]) -> bool:
    needed = all(isinstance(claims[name], str) for name in ("iss", "jti", "report", "verdict"))
    optional = all(claims[name] is None or isinstance(claims[name], str) for name in ("item", "use"))
    return needed and optional and type(claims["iat"]) is int and claims["iat"] >= 0
