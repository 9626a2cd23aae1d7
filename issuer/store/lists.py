"""Rows of status lists: how many indices of each are given out."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from ecert.runtime.storage import table_of
from issuer.tables import StatusListRow

__all__ = ["StoredList"]

_list = table_of(StatusListRow)


@dataclass(frozen=True, slots=True)
class StoredList:
    """A status list of `size` indices, `used` of them given out."""

    region: int
    number: int
    size: int
    used: int = 0

    @property
    def room(self) -> int:
        """How many more it takes before it is half full: beyond that, an index drawn says when it was issued."""
        return max(0, self.size // 2 - self.used)


def add(connection: Connection, status_list: StoredList) -> None:
    """Write a new list."""
    connection.execute(insert(_list).values(**asdict(status_list)))


def newest(connection: Connection, region: int) -> StoredList | None:
    """Return a region's newest list."""
    query = select(_list).where(_list.c.region == region).order_by(_list.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredList(*row)


def find(connection: Connection, *, region: int, number: int) -> StoredList | None:
    """Return a list by its number."""
    row = connection.execute(select(_list).where(_list.c.region == region, _list.c.number == number)).one_or_none()
    return None if row is None else StoredList(*row)


def after(connection: Connection, *, region: int, number: int) -> list[StoredList]:
    """List a region's lists beyond a number, in their order."""
    query = select(_list).where(_list.c.region == region, _list.c.number > number).order_by(_list.c.number)
    return [StoredList(*row) for row in connection.execute(query)]


def use(connection: Connection, *, region: int, number: int, count: int) -> None:
    """Count indices as given out."""
    here = (_list.c.region == region) & (_list.c.number == number)
    connection.execute(update(_list).where(here).values(used=_list.c.used + count))
