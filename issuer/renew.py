"""Renew: the next version of the same serial, and the one before superseded, in one transaction.

The predecessor ends when the successor begins: at once, or on the successor's first day. What is known of its mutable
elements (penalty points go with the driver, not with the card) is carried over unless new values are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from ecert.domain.errors import Conflict, Malformed
from ecert.domain.ids import licence_id as make_licence_id
from ecert.domain.ids import parse_licence_id
from ecert.domain.status import Status, check_move
from issuer.authorities import authority
from issuer.changes import own
from issuer.face import Draft, IssueRequest, check_authority, draft
from issuer.grounds import REPLACED
from issuer.idempotency import Once
from issuer.moves import Move, make_changes, take_effect
from issuer.room import Issuer
from issuer.seals import blind_of, open_mutable
from issuer.store import certificates
from issuer.store.certificates import StoredCertificate
from issuer.storing import Issued, sign_and_store

__all__ = ["renew"]


def renew(issuer: Issuer, licence_id: str, request: IssueRequest, *, now: int, once: Once | None = None) -> Issued:
    """Issue the successor of an authority's own certificate.

    Raises what `issue_many` does, NotFound("certificate.unknown"), Malformed("renewal.type"),
    Conflict("status.final" | "renewal.renewed" | "renewal.other_holder").
    """

    def drafts(connection: Connection) -> list[Draft]:
        return [_draft(issuer, connection, licence_id, request, now)]

    def supersede(connection: Connection, issued: Sequence[Issued]) -> None:
        _supersede(issuer, connection, licence_id, successor=issued[0].licence_id, now=now)

    (issued,) = sign_and_store(issuer, drafts, now=now, once=once, also=supersede, held=[licence_id])
    return issued


def _draft(issuer: Issuer, connection: Connection, licence_id: str, request: IssueRequest, now: int) -> Draft:
    before = own(connection, licence_id, authority=request.authority)
    _check(issuer, connection, before, request)
    home = authority(connection, request.authority)
    check_authority(issuer.trust(), home, types=[request.type_code], now=now)
    parsed = parse_licence_id(before.id)
    names = {"type_code": parsed.type_code, "issuer": parsed.issuer, "serial": parsed.serial}
    made = draft(request, home, licence=make_licence_id(**names, version=parsed.version + 1))
    kept = {key: {"value": state.value, "at": state.at} for key, state in open_mutable(issuer.vault, before).items()}
    return replace(made, supersedes=before.id, kept_mutable=kept)


def _check(issuer: Issuer, connection: Connection, before: StoredCertificate, request: IssueRequest) -> None:
    if request.type_code != before.type_code:
        raise Malformed("renewal.type", before.type_code)
    check_move(old=Status(before.status), new=Status.SUPERSEDED)
    if before.superseded_by is not None:
        raise Conflict("renewal.renewed")
    holders = {blind_of(issuer.vault, holder.ref) for holder in request.holders}
    if not holders & certificates.blinds_of(connection, before.id):
        raise Conflict("renewal.other_holder")


def _supersede(issuer: Issuer, connection: Connection, licence_id: str, *, successor: str, now: int) -> None:
    rows = certificates.find_all(connection, [licence_id, successor])
    before, begins = rows[licence_id], max(now, rows[successor].nbf)
    made = make_changes(issuer, connection, [Move(before, Status.SUPERSEDED, REPLACED, begins)], now=now)
    certificates.set_superseded_by(connection, licence_id, successor=successor)
    if begins <= now:
        take_effect(issuer, connection, made, now=now)
