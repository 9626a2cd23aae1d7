"""Issue: one certificate or ten thousand, all or nothing (docs/issuance-cycle.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from ecert.domain.errors import Malformed
from ecert.domain.ids import licence_id, new_serial
from issuer.authorities import authority
from issuer.face import Draft, IssueRequest, check_authority, draft
from issuer.idempotency import Once
from issuer.room import Issuer
from issuer.storing import Issued, sign_and_store

__all__ = ["MOST", "issue", "issue_many"]

MOST = 10_000


def issue(issuer: Issuer, request: IssueRequest, *, now: int, once: Once | None = None) -> Issued:
    """Issue one certificate; the errors of `issue_many`."""
    (issued,) = issue_many(issuer, [request], now=now, once=once)
    return issued


def issue_many(
    issuer: Issuer, requests: Sequence[IssueRequest], *, now: int, once: Once | None = None
) -> tuple[Issued, ...]:
    """Issue up to 10,000 certificates in the order asked, or none: one bad request refuses them all.

    NotFound("issuer.unknown" | "type.unknown"), NotAllowed("issuer.not_in_force" | "issue.*" | "suite.*"),
    Conflict("issue.no_key" | "idempotency.other_request"), Malformed for a face that does not fit the catalogue.
    """
    if not 0 < len(requests) <= MOST:
        raise Malformed("issue.batch", f"1 to {MOST}")

    def drafts(connection: Connection) -> list[Draft]:
        return _drafts(issuer, connection, requests, now)

    return sign_and_store(issuer, drafts, now=now, once=once)


def _drafts(issuer: Issuer, connection: Connection, requests: Sequence[IssueRequest], now: int) -> list[Draft]:
    authorities = {uscc: authority(connection, uscc) for uscc in _unique(r.authority for r in requests)}
    trust = issuer.trust()
    for uscc, found in authorities.items():
        types = _unique(r.type_code for r in requests if r.authority == uscc)
        check_authority(trust, found, types=types, now=now)
    return [
        draft(
            request,
            authorities[request.authority],
            licence=licence_id(type_code=request.type_code, issuer=request.authority, serial=new_serial()),
        )
        for request in requests
    ]


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
