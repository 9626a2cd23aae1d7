"""Who used what: each redeem leaves an entry that its holder can read, with keys and never with values.

An entry is found by a keyed hash of the holder's number (and of the agent's, for an organisation) and is sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from ecert.domain.errors import NotFound
from ecert.domain.redeem import Kind, RedeemClaims
from ecert.domain.use import Use, parse_use
from wallet_codes import store
from wallet_codes.showing import disclosed
from wallet_codes.subjects import blind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from ecert.domain.holders import HolderRef
    from wallet_codes.home import Home
    from wallet_codes.subjects import Subject

USE_ID: Final = "^[A-Za-z0-9_-]{22}$"
MOST: Final = 100
"""Uses that are listed at a time."""

_CONTEXT: Final = b"wallet use"


@dataclass(frozen=True, slots=True)
class UseEntry:
    """One use: `id` is the response's jti, `shown` lists (type code, element keys); `objection` is its state."""

    id: str
    region: int
    at: int
    kind: Kind
    use: Use
    holder_match: bool | None
    shown: tuple[tuple[str, tuple[str, ...]], ...]
    objection: str | None = None


def uses(home: Home, *, region: int, holder: HolderRef, before: str | None = None) -> tuple[UseEntry, ...]:
    """List a holder's newest uses, those that the holder showed as an agent too, MOST at a time, newest first.

    `before` is the `id` of one of them: what is older than that one is listed; NotFound("use.unknown").
    """
    home.hold(region)
    whose = blind(home.vault, holder)
    with home.database.reading() as connection:
        last = find_own(connection, before, region=region, whose=whose) if before is not None else None
        stored = store.uses_of(connection, region=region, holder=whose, before=last, most=MOST)
        objections = store.objections(connection, [use.id for use in stored])
    return tuple(_open(home, use, objections.get(use.id)) for use in stored)


def find_own(connection: Connection, use_id: str, *, region: int, whose: bytes) -> store.StoredUse:
    """Find a use of one's own; NotFound("use.unknown")."""
    found = store.use_of(connection, use_id, region=region, holder=whose)
    if found is None:
        raise NotFound("use.unknown")
    return found


def entry(use: Use, claims: RedeemClaims) -> UseEntry:
    """Make the entry of a response."""
    shown = tuple(disclosed(each) for each in claims.certificates)
    return UseEntry(claims.jti, claims.region, claims.iat, claims.kind, use, claims.holder_match, shown)


def record(connection: Connection, home: Home, *, subject: Subject, entry: UseEntry) -> None:
    """Write an entry, inside the transaction that uses the code up."""
    agent = None if subject.agent is None else blind(home.vault, subject.agent)
    sealed = home.vault.seal(orjson.dumps(wire(entry)), context=_CONTEXT + entry.id.encode())
    holder = blind(home.vault, subject.holder)
    store.add_use(connection, store.StoredUse(entry.id, entry.region, holder, agent, entry.at, sealed))


def wire(entry: UseEntry) -> dict[str, Any]:
    """Give an entry as JSON, for its row and for the audit log."""
    return {
        "use_id": entry.id,
        "code_kind": entry.kind,
        "use": entry.use.wire(),
        "holder_match": entry.holder_match,
        "shown": [{"type": code, "elements": list(keys)} for code, keys in entry.shown],
    }


def _open(home: Home, use: store.StoredUse, objection: str | None) -> UseEntry:
    body: Mapping[str, Any] = orjson.loads(home.vault.open(use.sealed, context=_CONTEXT + use.id.encode()))
    return UseEntry(
        id=use.id,
        region=use.region,
        at=use.at,
        kind=body["code_kind"],
        use=parse_use(body["use"]),
        holder_match=body["holder_match"],
        shown=tuple((each["type"], tuple(each["elements"])) for each in body["shown"]),
        objection=objection,
    )
