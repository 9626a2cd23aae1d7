"""Who may call: access keys with one role each, shown once, kept only as a hash; none exists by default.

A key reads `ek_<8 hex>_<43 base64url>`. Its secret has 256 random bits, so one SHA-256 is hash enough.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from ecert.domain import ids
from ecert.domain.errors import Malformed, NotAllowed, NotFound
from ecert.runtime.access import store

if TYPE_CHECKING:
    from ecert.runtime.access.store import StoredKey
    from ecert.runtime.storage import Database

Role: TypeAlias = Literal["issuer", "window", "citizen-app"]
"""An authority's system; a region's windows; a region's app."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)

_HEADER: Final = re.compile(r"Bearer (ek_([0-9a-f]{8})_[A-Za-z0-9_-]{43})", re.ASCII)
_REGION: Final = re.compile(r"[1-9][0-9]", re.ASCII)
_LONGEST_LABEL: Final = 80


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, for its one region; only an issuer has an authority."""

    role: Role
    region: str
    authority: str | None
    key_id: str

    def hold(self, *, region: str, authority: str | None = None) -> None:
        """Raise NotAllowed `access.region` or `access.authority` unless the caller acts for these."""
        if self.region != region:
            raise NotAllowed("access.region", region)
        if authority is not None and self.authority != authority:
            raise NotAllowed("access.authority", authority)


def issue_key(db: Database, *, role: str, region: str, label: str, now: int, authority: str | None = None) -> str:
    """Make a key and return its text, for the only time.

    An issuer names its authority too. Malformed `access.role`, `access.scope`, `access.label`, `uscc.*`.
    """
    _hold_scope(role, region, authority)
    if not 0 < len(label) <= _LONGEST_LABEL or not label.isprintable():
        raise Malformed("access.label")
    key_id = ids.random_bytes(4).hex()
    text = f"ek_{key_id}_{ids.new_token(256)}"
    with db.transaction() as connection:
        key = store.StoredKey(key_id, role, region, authority, label, now)
        store.add(connection, key, digest=_digest(text))
    return text


def revoke_key(db: Database, key_id: str, *, now: int) -> None:
    """Revoke for ever; NotFound("access.key") where no such key is in force."""
    with db.transaction() as connection:
        if not store.revoke(connection, key_id, now=now):
            raise NotFound("access.key", key_id if re.fullmatch("[0-9a-f]{8}", key_id) else "")


def list_keys(db: Database) -> tuple[StoredKey, ...]:
    """Return all keys without their secrets, revoked ones too."""
    with db.reading() as connection:
        return store.every(connection)


def authenticate(db: Database, header: str | None, *, now: int) -> Caller:
    """Read an Authorization header (RFC 6750); NotAllowed `access.missing`, `access.unknown`, `access.revoked`.

    A key counts as revoked from the second of its revocation on.
    """
    if header is None:
        raise NotAllowed("access.missing")
    shown = _HEADER.fullmatch(header)
    if shown is None:
        raise NotAllowed("access.unknown")
    with db.reading() as connection:
        found = store.find(connection, shown[2])
    if found is None or not hmac.compare_digest(found[1], _digest(shown[1])):
        raise NotAllowed("access.unknown")
    key = found[0]
    if key.region is None or key.role not in ROLES:
        raise NotAllowed("access.unknown")  # of a role that an older release knew
    if key.revoked_at is not None and key.revoked_at <= now:
        raise NotAllowed("access.revoked", key.id)
    return Caller(_role(key.role), key.region, key.authority, key.id)


def _hold_scope(role: str, region: str, authority: str | None) -> None:
    if (authority is None) == (_role(role) == "issuer"):
        raise Malformed("access.scope", role)
    if not _REGION.fullmatch(region):
        raise Malformed("access.scope", "a region is two digits")
    if authority is not None:
        ids.parse_uscc(authority)


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise Malformed("access.role", f"one of {', '.join(ROLES)}")


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
