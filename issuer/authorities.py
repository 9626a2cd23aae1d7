"""Issuing authorities: set up with keys of their own, and told to the chain, which alone makes them believed.

Custody first, rows second, chain last: an interruption leaves a key that nobody knows, never one that nobody has.
What is missing is judged by what was followed from the chain, so setting up an authority again asks for the rest only.
What was said since stands: a right that was withdrawn is not asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from ecert.domain.errors import Conflict, NotAllowed, NotFound
from ecert.domain.ids import division_covers, parse_division, parse_uscc
from ecert.domain.strict import b64url_decode
from ecert.domain.trust import TrustState
from ecert.runtime.storage import queue_behind
from issuer.room import Issuer
from issuer.signing_keys import PURPOSE, check_suite, name_key
from issuer.store import authorities
from issuer.store.authorities import StoredAuthority, StoredKey
from ledger import acts
from ledger.port import Call

__all__ = ["Authority", "authority", "establish", "every_authority", "retire_key", "rotate_key"]


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority to set up: the first of `suites` is what it signs with by default; `not_before` in Unix seconds."""

    uscc: str
    region: int
    division: str
    name: str
    suites: tuple[str, ...]
    types: tuple[str, ...]
    not_before: int


def establish(issuer: Issuer, wanted: Authority, *, now: int) -> tuple[Call, ...]:
    """Make keys and rows, and return the calls still to be queued with account `<region>-admin`; safe to repeat.

    Conflict("issuer.other") where the code stands here for another region or division; NotAllowed("suite.*").
    """
    _check(issuer, wanted)
    signers = {name: _first_signer(issuer, wanted.uscc, name) for name in wanted.suites}
    with issuer.database.transaction() as connection:
        queue_behind(connection, f"issuer keys {wanted.uscc}")
        known = authorities.find(connection, wanted.uscc)
        row = _row(wanted)
        if known is None:
            authorities.add(connection, row)
        elif (known.region, known.division) != (row.region, row.division):
            raise Conflict("issuer.other", wanted.uscc)
        for name, kid in signers.items():
            if not authorities.keys_of(connection, wanted.uscc, suite=name):
                _add_key(connection, row, suite=name, number=1, kid=kid)
    return tuple(_missing(issuer, wanted, now))


def rotate_key(issuer: Issuer, uscc: str, *, suite: str, now: int) -> Call:
    """Make the authority's next key and return the call that registers it; until it is followed the last one signs."""
    check_suite(suite)
    with issuer.database.reading() as connection:
        row = authority(connection, uscc)
        number = max((key.number for key in authorities.keys_of(connection, uscc, suite=suite)), default=0) + 1
    signer = issuer.keys.signer(name_key(uscc, suite_name=suite, number=number), suite=suite)
    with issuer.database.transaction() as connection:
        queue_behind(connection, f"issuer keys {uscc}")
        if all(key.number != number for key in authorities.keys_of(connection, uscc, suite=suite)):
            _add_key(connection, row, suite=suite, number=number, kid=signer.kid)
    return _register_key(issuer, row, suite=suite, number=number, not_before=now)


def retire_key(issuer: Issuer, uscc: str, *, kid: str, now: int) -> Call:
    """Sign no more with a key, from this moment, and return the call that revokes it on chain."""
    with issuer.database.transaction() as connection:
        row = authority(connection, uscc)
        authorities.retire_key(connection, kid)
    return acts.revoke_key(issuer.directory, region=row.region, owner=uscc, key_id=b64url_decode(kid), at=now)


def authority(connection: Connection, uscc: str) -> StoredAuthority:
    """Find an authority at home here; NotFound("issuer.unknown")."""
    found = authorities.find(connection, uscc)
    if found is None:
        raise NotFound("issuer.unknown", uscc)
    return found


def every_authority(issuer: Issuer) -> tuple[StoredAuthority, ...]:
    """List the authorities at home here, by region and credit code."""
    with issuer.database.reading() as connection:
        return tuple(authorities.every(connection))


def _check(issuer: Issuer, wanted: Authority) -> None:
    parse_uscc(wanted.uscc)
    inside = division_covers(outer=str(wanted.region), inner=parse_division(wanted.division))
    if wanted.region not in issuer.regions or not inside:
        raise NotAllowed("issuer.division", wanted.division)
    for name in wanted.suites:
        check_suite(name)


def _row(wanted: Authority) -> StoredAuthority:
    division = parse_division(wanted.division)
    return StoredAuthority(wanted.uscc, wanted.region, division, wanted.name, wanted.suites[0])


def _first_signer(issuer: Issuer, uscc: str, suite: str) -> str:
    return issuer.keys.signer(name_key(uscc, suite_name=suite, number=1), suite=suite).kid


def _add_key(connection: Connection, row: StoredAuthority, *, suite: str, number: int, kid: str) -> None:
    name = name_key(row.uscc, suite_name=suite, number=number)
    authorities.add_key(connection, StoredKey(row.uscc, suite, number, row.region, name, kid))


def _missing(issuer: Issuer, wanted: Authority, now: int) -> Iterator[Call]:
    trust, row = issuer.trust(), _row(wanted)
    since = wanted.not_before
    if wanted.uscc not in trust.authorities:
        names = {"uscc": wanted.uscc, "division": row.division, "name": wanted.name}
        yield acts.register_authority(issuer.directory, **names, not_before=since)
    with issuer.database.reading() as connection:
        keys = [key for name in wanted.suites for key in authorities.keys_of(connection, wanted.uscc, suite=name)]
    for key in keys:
        if key.active and trust.key(region=row.region, owner=row.uscc, key_id=b64url_decode(key.kid)) is None:
            yield _register_key(issuer, row, suite=key.suite, number=key.number, not_before=since)
    types = [code for code in wanted.types if not _was_granted(trust, wanted, code, now)]
    if types:
        yield acts.grant(issuer.directory, uscc=wanted.uscc, types=types, since=since)


def _was_granted(trust: TrustState, wanted: Authority, type_code: str, now: int) -> bool:
    return any(trust.may_issue(wanted.uscc, type_code, at=at, known_at=now) for at in (wanted.not_before, now))


def _register_key(issuer: Issuer, row: StoredAuthority, *, suite: str, number: int, not_before: int) -> Call:
    signer = issuer.keys.signer(name_key(row.uscc, suite_name=suite, number=number), suite=suite)
    return acts.add_key(
        issuer.directory,
        region=row.region,
        owner=row.uscc,
        suite=suite,
        purpose=PURPOSE,
        spki=signer.spki,
        not_before=not_before,
        not_after=None,
    )
