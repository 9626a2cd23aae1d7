"""Rows of what was accepted, and of how far each status list was noted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from ecert.runtime.storage import inserting, table_of
from verifier.callbacks.tables import AcceptanceRow, NotedRow

__all__ = [
    "Acceptance",
    "ListName",
    "accepted_at",
    "add",
    "hold",
    "mark",
    "noted",
    "open_list",
    "prolong",
    "purge",
    "share",
]

_ACCEPTANCE: Final = table_of(AcceptanceRow)
_NOTED: Final = table_of(NotedRow)
ListName = tuple[int, int]
"""A status list: region and number."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A certificate accepted under a subscription, for which the first `counted` changes of its list are no news."""

    subscription: str
    fingerprint: bytes
    licence: str
    region: int
    number: int
    place: int
    counted: int
    until: int

    @property
    def list(self) -> ListName:
        """The status list that it stands in."""
        return self.region, self.number


def open_list(connection: Connection, name: ListName, *, counted: int) -> None:
    """Begin to note a list after its first `counted` changes, if nobody has begun."""
    row = {"region": name[0], "number": name[1], "counted": counted}
    connection.execute(inserting(connection)(_NOTED).values(**row).on_conflict_do_nothing())


def noted(connection: Connection) -> dict[ListName, int]:
    """Tell how many changes of each list were noted."""
    query = select(_NOTED.c.region, _NOTED.c.number, _NOTED.c.counted)
    return {(row.region, row.number): row.counted for row in connection.execute(query)}


def share(connection: Connection, name: ListName) -> int:
    """Tell how many changes of a list were noted, and let nobody note more until this transaction ends."""
    return _counted(connection, name, is_shared=True)


def hold(connection: Connection, name: ListName) -> int:
    """Tell how many changes of a list were noted; only this transaction notes more, and nobody accepts meanwhile."""
    return _counted(connection, name, is_shared=False)


def mark(connection: Connection, name: ListName, *, counted: int) -> None:
    """Keep how many changes of a list are noted now."""
    here = (_NOTED.c.region == name[0]) & (_NOTED.c.number == name[1])
    connection.execute(update(_NOTED).where(here).values(counted=counted))


def add(connection: Connection, accepted: Sequence[Acceptance]) -> set[bytes]:
    """Write acceptances; return the fingerprints of those that were not known.

    IntegrityError where the subscription has ended.
    """
    adding = inserting(connection)(_ACCEPTANCE).on_conflict_do_nothing().returning(_ACCEPTANCE.c.fingerprint)
    return set(connection.execute(adding, [asdict(each) for each in accepted]).scalars())


def prolong(connection: Connection, accepted: Sequence[Acceptance]) -> None:
    """Keep the known ones for longer."""
    same = (_ACCEPTANCE.c.subscription == bindparam("whose")) & (_ACCEPTANCE.c.fingerprint == bindparam("which"))
    query = update(_ACCEPTANCE).where(same, _ACCEPTANCE.c.until < bindparam("end")).values(until=bindparam("end"))
    told = [{"whose": each.subscription, "which": each.fingerprint, "end": each.until} for each in accepted]
    connection.execute(query, told)


def accepted_at(connection: Connection, name: ListName, places: Collection[int], *, now: int) -> list[Acceptance]:
    """Return what was accepted at places of a list and is still to be told of."""
    here = (_ACCEPTANCE.c.region == name[0]) & (_ACCEPTANCE.c.number == name[1]) & (_ACCEPTANCE.c.until >= now)
    query = select(_ACCEPTANCE).where(here, _ACCEPTANCE.c.place.in_(places))
    order = (_ACCEPTANCE.c.subscription, _ACCEPTANCE.c.place, _ACCEPTANCE.c.fingerprint)
    return [Acceptance(**row) for row in connection.execute(query.order_by(*order)).mappings()]


def purge(connection: Connection, *, now: int) -> int:
    """Delete what has had its time; return how many rows went."""
    return connection.execute(delete(_ACCEPTANCE).where(_ACCEPTANCE.c.until < now)).rowcount


def _counted(connection: Connection, name: ListName, *, is_shared: bool) -> int:
    query = select(_NOTED.c.counted).where(_NOTED.c.region == name[0], _NOTED.c.number == name[1])
    return int(connection.execute(query.with_for_update(read=is_shared)).scalar_one())
