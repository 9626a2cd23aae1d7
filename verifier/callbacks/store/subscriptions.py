"""Rows of subscriptions: a partner's own, by its sponsor and credit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from ecert.runtime.storage import table_of
from verifier.callbacks.tables import EventRow, SubscriptionRow

__all__ = [
    "Subscription",
    "Whose",
    "add",
    "end",
    "end_of",
    "every_partner",
    "find",
    "give_up",
    "given_up",
    "number_next",
    "of",
]

_SUBSCRIPTION: Final = table_of(SubscriptionRow)
_EVENT: Final = table_of(EventRow)


@dataclass(frozen=True, slots=True)
class Whose:
    """A partner as its sponsor's deployment knows it: the sponsor's region and the partner's credit code."""

    region: int
    uscc: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands: how many events were numbered, wait, and were given up."""

    id: str
    whose: Whose
    url: str
    days: int
    made_at: int
    sequence: int = 0
    given_up: int = 0
    waiting: int = 0


def add(connection: Connection, subscription: Subscription) -> None:
    """Write a new one."""
    connection.execute(
        insert(_SUBSCRIPTION).values(
            id=subscription.id,
            region=subscription.whose.region,
            uscc=subscription.whose.uscc,
            url=subscription.url,
            days=subscription.days,
            made_at=subscription.made_at,
            sequence=0,
            given_up=0,
        )
    )


def of(connection: Connection, whose: Whose) -> list[Subscription]:
    """Return a partner's, oldest first."""
    query = _subscriptions().where(_is_of(whose)).order_by(_SUBSCRIPTION.c.made_at, _SUBSCRIPTION.c.id)
    return [_subscription(row) for row in connection.execute(query)]


def find(connection: Connection, whose: Whose, name: str) -> Subscription | None:
    """Find one of a partner's own."""
    row = connection.execute(_subscriptions().where(_is_of(whose), _SUBSCRIPTION.c.id == name)).first()
    return None if row is None else _subscription(row)


def end(connection: Connection, whose: Whose, name: str) -> bool:
    """Delete one with all that is kept for it; False where there is none."""
    query = delete(_SUBSCRIPTION).where(_is_of(whose), _SUBSCRIPTION.c.id == name)
    return connection.execute(query).rowcount == 1


def end_of(connection: Connection, whose: Whose) -> int:
    """Delete all of a partner's; return how many."""
    return connection.execute(delete(_SUBSCRIPTION).where(_is_of(whose))).rowcount


def every_partner(connection: Connection) -> set[Whose]:
    """Name every partner that has one."""
    return {Whose(*row) for row in connection.execute(select(_SUBSCRIPTION.c.region, _SUBSCRIPTION.c.uscc).distinct())}


def number_next(connection: Connection, name: str, count: int) -> int | None:
    """Take the next `count` numbers, return the first; None where it has ended. Who numbers queues behind the row."""
    claim = update(_SUBSCRIPTION).where(_SUBSCRIPTION.c.id == name)
    claim = claim.values(sequence=_SUBSCRIPTION.c.sequence + count).returning(_SUBSCRIPTION.c.sequence)
    newest: int | None = connection.execute(claim).scalar()
    return None if newest is None else newest - count + 1


def give_up(connection: Connection, name: str) -> None:
    """Count an event that never arrived."""
    query = update(_SUBSCRIPTION).where(_SUBSCRIPTION.c.id == name)
    connection.execute(query.values(given_up=_SUBSCRIPTION.c.given_up + 1))


def given_up(connection: Connection) -> int:
    """Count the events of all subscriptions that never arrived."""
    return int(connection.execute(select(func.coalesce(func.sum(_SUBSCRIPTION.c.given_up), 0))).scalar_one())


def _is_of(whose: Whose) -> ColumnElement[bool]:
    return (_SUBSCRIPTION.c.region == whose.region) & (_SUBSCRIPTION.c.uscc == whose.uscc)


def _subscriptions() -> Select[tuple[object, ...]]:
    waiting = select(func.count()).where(_EVENT.c.subscription == _SUBSCRIPTION.c.id).scalar_subquery()
    return select(_SUBSCRIPTION, waiting.label("waiting"))


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    whose = Whose(row.region, row.uscc)
    return Subscription(row.id, whose, row.url, row.days, row.made_at, row.sequence, row.given_up, row.waiting)
