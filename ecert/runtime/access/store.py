"""Rows of access keys: written once, revoked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from ecert.runtime.access.tables import AccessKey
from ecert.runtime.storage import table_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_KEYS: Final = table_of(AccessKey)
_SHOWN: Final = [column for column in _KEYS.c if column.name != "digest"]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key without its secret; times in Unix seconds, region None where the role spans all."""

    id: str
    role: str
    region: str | None
    authority: str | None
    label: str
    created_at: int
    revoked_at: int | None = None


def add(connection: Connection, key: StoredKey, *, digest: bytes) -> None:
    """Write a new key; IntegrityError for an id that is taken."""
    connection.execute(
        insert(_KEYS).values(
            id=key.id,
            digest=digest,
            role=key.role,
            region=key.region,
            authority=key.authority,
            label=key.label,
            created_at=key.created_at,
        )
    )


def revoke(connection: Connection, key_id: str, *, now: int) -> bool:
    """Revoke from `now` on; False where there is no such key or it was revoked before."""
    unrevoked = (_KEYS.c.id == key_id) & _KEYS.c.revoked_at.is_(None)
    return connection.execute(update(_KEYS).where(unrevoked).values(revoked_at=now)).rowcount == 1


def find(connection: Connection, key_id: str) -> tuple[StoredKey, bytes] | None:
    """Return the key and its digest."""
    row = connection.execute(select(*_SHOWN, _KEYS.c.digest).where(_KEYS.c.id == key_id)).one_or_none()
    return None if row is None else (_stored(row), row.digest)


def every(connection: Connection) -> tuple[StoredKey, ...]:
    """Return all keys, oldest first."""
    rows = connection.execute(select(*_SHOWN).order_by(_KEYS.c.created_at, _KEYS.c.id))
    return tuple(_stored(row) for row in rows)


def _stored(row: Row[*tuple[Any, ...]]) -> StoredKey:
    return StoredKey(row.id, row.role, row.region, row.authority, row.label, row.created_at, row.revoked_at)
