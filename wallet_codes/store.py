"""The rows of the codes read and written, in SQL Core; every function works inside the caller's transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, or_, select, update

from ecert.runtime.storage import table_of
from wallet_codes.tables import AnswerRow, CodeRow, ObjectionRow, TryRow, UseRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

_CODE: Final = table_of(CodeRow)
_USE: Final = table_of(UseRow)
_ANSWER: Final = table_of(AnswerRow)
_TRY: Final = table_of(TryRow)
_OBJECTION: Final = table_of(ObjectionRow)


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A code as stored: digest of its text, blind index of its typed form, and what is sealed."""

    region: int
    digest: bytes
    typed: bytes | None
    sealed: bytes
    minted_at: int
    expires_at: int
    used_at: int | None = None


@dataclass(frozen=True, slots=True)
class StoredUse:
    """A use as stored: blind indices of holder and agent, and what is sealed."""

    id: str
    region: int
    holder: bytes
    agent: bytes | None
    at: int
    sealed: bytes


def add_code(connection: Connection, code: StoredCode) -> None:
    """Write a minted code."""
    connection.execute(insert(_CODE).values(**asdict(code)))


def find_code(connection: Connection, *, region: int, digest: bytes) -> StoredCode | None:
    """Find an online code by SHA-256 of its text."""
    query = select(_CODE).where(_CODE.c.digest == digest, _CODE.c.region == region)
    return _code(connection.execute(query).first())


def find_typed(connection: Connection, *, region: int, typed: bytes) -> StoredCode | None:
    """Find the newest code with this typed form: eight digits come round again."""
    query = select(_CODE).where(_CODE.c.typed == typed, _CODE.c.region == region)
    return _code(connection.execute(query.order_by(_CODE.c.id.desc()).limit(1)).first())


def mark_used(connection: Connection, digest: bytes, *, now: int) -> bool:
    """Use a code up; False where somebody else did."""
    unused = (_CODE.c.digest == digest) & _CODE.c.used_at.is_(None)
    return connection.execute(update(_CODE).where(unused).values(used_at=now)).rowcount == 1


def add_use(connection: Connection, use: StoredUse) -> None:
    """Write a use."""
    connection.execute(insert(_USE).values(**asdict(use)))


def uses_of(
    connection: Connection, *, region: int, holder: bytes, before: StoredUse | None, most: int
) -> tuple[StoredUse, ...]:
    """Return the uses of a holder, or those that an agent showed, newest first; only what follows `before`."""
    query = select(_USE).where(_of(region, holder))
    if before is not None:
        query = query.where(or_(_USE.c.at < before.at, and_(_USE.c.at == before.at, _USE.c.id > before.id)))
    found = connection.execute(query.order_by(_USE.c.at.desc(), _USE.c.id).limit(most))
    return tuple(StoredUse(*row) for row in found)


def use_of(connection: Connection, use: str, *, region: int, holder: bytes) -> StoredUse | None:
    """Find a use where it is the holder's, or one that an agent showed."""
    row = connection.execute(select(_USE).where(_of(region, holder), _USE.c.id == use)).first()
    return StoredUse(*row) if row else None


def _of(region: int, holder: bytes) -> ColumnElement[bool]:
    return and_(_USE.c.region == region, or_(_USE.c.holder == holder, _USE.c.agent == holder))


def keep_answer(connection: Connection, *, name: bytes, region: int, now: int, sealed: bytes) -> None:
    """Write a sealed answer in place of an older one of the same name."""
    connection.execute(delete(_ANSWER).where(_ANSWER.c.name == name))
    connection.execute(insert(_ANSWER).values(name=name, region=region, at=now, sealed=sealed))


def answer(connection: Connection, name: bytes, *, since: int) -> bytes | None:
    """Return a sealed answer that is not older than `since`."""
    query = select(_ANSWER.c.sealed).where(_ANSWER.c.name == name, _ANSWER.c.at > since)
    return connection.execute(query).scalar()


def add_try(connection: Connection, *, region: int, window: bytes, asker: bytes, now: int) -> None:
    """Write a wrong try."""
    connection.execute(insert(_TRY).values(region=region, window=window, requester=asker, at=now))


def tries(connection: Connection, *, window: bytes, asker: bytes, since: int) -> tuple[int, int]:
    """Count the wrong tries after `since`: of the window, and of whoever asks through it."""
    recent = _TRY.c.at > since
    here = select(func.count()).where(recent, _TRY.c.window == window)
    there = select(func.count()).where(recent, _TRY.c.requester == asker)
    return connection.execute(here).scalar_one(), connection.execute(there).scalar_one()


def add_objection(connection: Connection, *, use: str, region: int, now: int, state: str, sealed: bytes) -> None:
    """Write an objection; IntegrityError for a second one to the same use."""
    connection.execute(insert(_OBJECTION).values(use=use, region=region, at=now, state=state, sealed=sealed))


def objections(connection: Connection, uses: Sequence[str]) -> dict[str, str]:
    """Return the states of the objections to these uses, by use."""
    query = select(_OBJECTION.c.use, _OBJECTION.c.state).where(_OBJECTION.c.use.in_(uses))
    return {row.use: row.state for row in connection.execute(query)}


def purge(connection: Connection, *, answers: int, tries: int, codes: int) -> int:
    """Delete answers and tries made, and codes expired, at or before these times; return how many rows went."""
    rules = ((_ANSWER, _ANSWER.c.at <= answers), (_TRY, _TRY.c.at <= tries), (_CODE, _CODE.c.expires_at <= codes))
    return sum(connection.execute(delete(table).where(old)).rowcount for table, old in rules)


def end_codes(connection: Connection, *, now: int) -> int:
    """End every code at `now` at the latest; return how many were still alive."""
    alive = _CODE.c.used_at.is_(None) & (_CODE.c.expires_at > now)
    return connection.execute(update(_CODE).where(alive).values(expires_at=now)).rowcount


def _code(row: Row[Any] | None) -> StoredCode | None:
    if row is None:
        return None
    return StoredCode(row.region, row.digest, row.typed, row.sealed, row.minted_at, row.expires_at, row.used_at)
