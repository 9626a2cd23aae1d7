"""Rows of answers that a caller may ask for again with the same idempotency key."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from ecert.runtime.storage import table_of
from issuer.tables import IdempotencyRow

_answer = table_of(IdempotencyRow)


def find(connection: Connection, *, caller: str, key: str) -> tuple[bytes, bytes] | None:
    """Return (digest of the request, sealed answer)."""
    query = select(_answer.c.digest, _answer.c.answer)
    row = connection.execute(query.where(_answer.c.caller == caller, _answer.c.key == key)).one_or_none()
    return None if row is None else (row.digest, row.answer)


def add(connection: Connection, *, caller: str, key: str, region: int, digest: bytes, answer: bytes, at: int) -> None:
    """Write an answer; IntegrityError where the key was used."""
    fields = {"caller": caller, "key": key, "region": region, "digest": digest, "answer": answer, "at": at}
    connection.execute(insert(_answer).values(**fields))


def purge(connection: Connection, *, before: int) -> int:
    """Delete answers given before a time; return how many."""
    return connection.execute(delete(_answer).where(_answer.c.at < before)).rowcount
