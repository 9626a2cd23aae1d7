"""Rows of nonces: written once, deleted when the clock alone refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert

from ecert.runtime.signed.tables import Nonce
from ecert.runtime.storage import table_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NONCES: Final = table_of(Nonce)


def add(connection: Connection, *, key: bytes, nonce: str, until: int) -> None:
    """Write a nonce; IntegrityError for one that is known."""
    connection.execute(insert(_NONCES).values(key=key, nonce=nonce, until=until))


def purge(connection: Connection, *, now: int) -> int:
    """Delete what no clock would take again; return how many."""
    return connection.execute(delete(_NONCES).where(_NONCES.c.until < now)).rowcount
