"""Rows of authorities and of the keys that they sign with."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from ecert.runtime.storage import table_of
from issuer.tables import AuthorityRow, KeyRow

__all__ = ["StoredAuthority", "StoredKey"]

_authority = table_of(AuthorityRow)
_key = table_of(KeyRow)


@dataclass(frozen=True, slots=True)
class StoredAuthority:
    """An issuing authority at home here."""

    uscc: str
    region: int
    division: str
    name: str
    suite: str


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key's name in custody and its `kid`; inactive ones sign no more."""

    uscc: str
    suite: str
    number: int
    region: int
    key_name: str
    kid: str
    active: bool = True


def add(connection: Connection, authority: StoredAuthority) -> None:
    """Write a new authority."""
    connection.execute(insert(_authority).values(**asdict(authority)))


def find(connection: Connection, uscc: str) -> StoredAuthority | None:
    """Return an authority by its credit code."""
    row = connection.execute(select(_authority).where(_authority.c.uscc == uscc)).one_or_none()
    return None if row is None else StoredAuthority(*row)


def every(connection: Connection) -> list[StoredAuthority]:
    """Return all authorities, by region and credit code."""
    query = select(_authority).order_by(_authority.c.region, _authority.c.uscc)
    return [StoredAuthority(*row) for row in connection.execute(query)]


def add_key(connection: Connection, key: StoredKey) -> None:
    """Write a new key."""
    connection.execute(insert(_key).values(**asdict(key)))


def keys_of(connection: Connection, uscc: str, *, suite: str) -> list[StoredKey]:
    """Return an authority's keys of a suite, newest first."""
    query = select(_key).where(_key.c.uscc == uscc, _key.c.suite == suite).order_by(_key.c.number.desc())
    return [StoredKey(*row) for row in connection.execute(query)]


def retire_key(connection: Connection, kid: str) -> None:
    """Let a key sign no more."""
    connection.execute(update(_key).where(_key.c.kid == kid).values(active=False))
