"""Revoke, suspend and restore: one certificate or many, all or nothing, each on a ground and from a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ecert.domain.errors import Malformed, NotFound, Unavailable
from ecert.domain.status import Status
from issuer.grounds import RESULTS, Action, check_ground
from issuer.idempotency import Once, recall, remember
from issuer.moves import Move, make_changes, take_effect
from issuer.room import Issuer
from issuer.store import certificates
from issuer.store.certificates import StoredCertificate
from issuer.store.changes import StoredChange

__all__ = ["Change", "Changed", "change_many", "own", "restore", "revoke", "suspend"]

MOST = 10_000
_LATEST = 2**40
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked: `effective_at` in Unix seconds, None for now. A later time waits at home until it has come."""

    licence_id: str
    action: Action
    ground: str
    effective_at: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What was made of it; `waits` until `effective_at` has come."""

    licence_id: str
    status: Status
    effective_at: int
    waits: bool


def revoke(issuer: Issuer, licence_id: str, *, ground: str, authority: str, now: int) -> Changed:
    """Revoke for ever, from now; the errors of `change_many`."""
    return _one(issuer, Change(licence_id, "revoke", ground), authority, now)


def suspend(issuer: Issuer, licence_id: str, *, ground: str, authority: str, now: int) -> Changed:
    """Suspend from now until restored; the errors of `change_many`."""
    return _one(issuer, Change(licence_id, "suspend", ground), authority, now)


def restore(issuer: Issuer, licence_id: str, *, ground: str, authority: str, now: int) -> Changed:
    """Lift a suspension from now; the errors of `change_many`."""
    return _one(issuer, Change(licence_id, "restore", ground), authority, now)


def change_many(
    issuer: Issuer, wanted: Sequence[Change], *, authority: str, now: int, once: Once | None = None
) -> tuple[Changed, ...]:
    """Change 1 to 10,000 certificates of one authority, or none.

    NotFound("certificate.unknown") also for another authority's; Conflict("status.final" | "status.unchanged");
    Malformed("change.batch" | "change.ground" | "change.repeated" | "change.too_early" | "change.too_late").
    """
    _check(wanted)
    for _ in range(_TRIES):
        try:
            return _attempt(issuer, wanted, authority, now, once)
        except IntegrityError:
            continue  # the same request came twice at once: the other one's answer is ours
    raise Unavailable("change.contended")


def own(connection: Connection, licence_id: str, *, authority: str) -> StoredCertificate:
    """Find an authority's own certificate; NotFound("certificate.unknown") for any other."""
    found = certificates.find(connection, licence_id)
    if found is None or found.issuer != authority:
        raise NotFound("certificate.unknown")
    return found


def _one(issuer: Issuer, change: Change, authority: str, now: int) -> Changed:
    (changed,) = change_many(issuer, [change], authority=authority, now=now)
    return changed


def _check(wanted: Sequence[Change]) -> None:
    if not 0 < len(wanted) <= MOST:
        raise Malformed("change.batch", f"1 to {MOST}")
    if len({change.licence_id for change in wanted}) != len(wanted):
        raise Malformed("change.repeated")
    for change in wanted:
        check_ground(change.ground, change.action)
        if change.effective_at is not None and change.effective_at >= _LATEST:
            raise Malformed("change.too_late")


def _attempt(
    issuer: Issuer, wanted: Sequence[Change], authority: str, now: int, once: Once | None
) -> tuple[Changed, ...]:
    with issuer.database.transaction() as connection:
        answer = recall(connection, issuer.vault, once)
        if answer is not None:
            return tuple(Changed(name, Status(s), at, waits) for name, s, at, waits in orjson.loads(answer))
        made = _make(issuer, connection, wanted, authority, now)
        take_effect(issuer, connection, [change for change in made if change.effective_at <= now], now=now)
        changed = tuple(Changed(c.certificate, Status(c.new), c.effective_at, c.effective_at > now) for c in made)
        told = orjson.dumps([[c.licence_id, int(c.status), c.effective_at, c.waits] for c in changed])
        remember(connection, issuer.vault, once, answer=told, now=now)
    return changed


def _make(
    issuer: Issuer, connection: Connection, wanted: Sequence[Change], authority: str, now: int
) -> list[StoredChange]:
    found = certificates.hold_all(connection, [change.licence_id for change in wanted])
    moves = [_move(found.get(change.licence_id), change, authority, now) for change in wanted]
    return make_changes(issuer, connection, moves, now=now)


def _move(certificate: StoredCertificate | None, change: Change, authority: str, now: int) -> Move:
    if certificate is None or certificate.issuer != authority:
        raise NotFound("certificate.unknown")
    at = now if change.effective_at is None else change.effective_at
    # A certificate may be withdrawn from its first moment, not from before there was one.
    if at < min(certificate.nbf, certificate.issued_at):
        raise Malformed("change.too_early")
    return Move(certificate, RESULTS[change.action], change.ground, at)
