"""Rows of the callbacks' outbox: each subscription's events in their order, of which only the first is ever tried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from ecert.runtime.storage import table_of
from verifier.callbacks.store.subscriptions import Whose
from verifier.callbacks.tables import EventRow, SubscriptionRow

__all__ = ["Event", "Turn", "add", "drop", "is_due", "put_off", "take_turns", "waiting"]

_EVENT: Final = table_of(EventRow)
_SUBSCRIPTION: Final = table_of(SubscriptionRow)
_FIELDS: Final = (
    *("subscription", "sequence", "id", "licence", "fingerprint"),
    *("status", "effective_at", "recorded_at", "height", "noted_at"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """A change to be told: what the certificate is since `effective_at`, as the chain recorded it at `recorded_at`."""

    subscription: str
    sequence: int
    id: str
    licence: str
    fingerprint: bytes
    status: int
    effective_at: int
    recorded_at: int
    height: int
    noted_at: int


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to deliver one event once, for a while: its `tries`-th try."""

    event: Event
    tries: int
    whose: Whose
    url: str


def add(connection: Connection, events: Iterable[Event]) -> None:
    """Write events, due at once."""
    rows = [{**asdict(event), "tries": 0, "due_at": event.noted_at} for event in events]
    if rows:
        connection.execute(insert(_EVENT), rows)


def is_due(connection: Connection, *, now: int) -> bool:
    """Tell whether any event is due, perhaps behind one that is not."""
    return connection.execute(select(_EVENT.c.sequence).where(_EVENT.c.due_at <= now).limit(1)).first() is not None


def take_turns(connection: Connection, *, most: int, now: int, until: int) -> list[Turn]:
    """Take the first event of each subscription where it is due; nobody else does before `until`."""
    due = select(_EVENT, _SUBSCRIPTION.c.region, _SUBSCRIPTION.c.uscc, _SUBSCRIPTION.c.url)
    due = due.join(_SUBSCRIPTION, _SUBSCRIPTION.c.id == _EVENT.c.subscription)
    other = _EVENT.alias()
    first = select(func.min(other.c.sequence)).where(other.c.subscription == _EVENT.c.subscription).scalar_subquery()
    due = due.where(_EVENT.c.due_at <= now, _EVENT.c.sequence == first).order_by(_EVENT.c.due_at).limit(most)
    rows = connection.execute(due.with_for_update(skip_locked=True, of=_EVENT)).all()
    for row in rows:
        taken = update(_EVENT).where(_is(row.subscription, row.sequence))
        connection.execute(taken.values(tries=row.tries + 1, due_at=until))
    return [
        Turn(Event(*(getattr(row, name) for name in _FIELDS)), row.tries + 1, Whose(row.region, row.uscc), row.url)
        for row in rows
    ]


def put_off(connection: Connection, turn: Turn, *, until: int) -> None:
    """Let the next try wait, if the turn is still this one's."""
    here = _is(turn.event.subscription, turn.event.sequence) & (_EVENT.c.tries == turn.tries)
    connection.execute(update(_EVENT).where(here).values(due_at=until))


def drop(connection: Connection, turn: Turn) -> bool:
    """Delete an event that was told or is given up; False where somebody else did."""
    return connection.execute(delete(_EVENT).where(_is(turn.event.subscription, turn.event.sequence))).rowcount == 1


def waiting(connection: Connection) -> tuple[int, int | None]:
    """Return how many events wait and since when the oldest does."""
    count, oldest = connection.execute(select(func.count(), func.min(_EVENT.c.noted_at))).one()
    return count, oldest


def _is(name: str, sequence: int) -> ColumnElement[bool]:
    return (_EVENT.c.subscription == name) & (_EVENT.c.sequence == sequence)
