"""The rows of callbacks: who subscribed, what was accepted, how far each status list was noted, and what is to be told.

None holds an element or a holder: a certificate is its identifier, its fingerprint and its place in a status list.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlmodel import Field, SQLModel


def _of_subscription() -> Column[str]:
    return Column(String(22), ForeignKey("callback_subscription.id", ondelete="CASCADE"), primary_key=True)


class SubscriptionRow(SQLModel, table=True):
    """Where a partner wants to be called; `sequence` is the newest number used, `given_up` how many never arrived."""

    __tablename__ = "callback_subscription"
    __table_args__ = (UniqueConstraint("region", "uscc", "url"),)
    id: str = Field(primary_key=True, max_length=22)
    region: int
    uscc: str = Field(max_length=18)
    url: str = Field(max_length=500)
    days: int
    made_at: int = Field(sa_type=BigInteger)
    sequence: int = Field(default=0, sa_type=BigInteger)
    given_up: int = Field(default=0, sa_type=BigInteger)


class AcceptanceRow(SQLModel, table=True):
    """A certificate accepted under a subscription; `counted` changes of its list were told by then."""

    __tablename__ = "callback_acceptance"
    __table_args__ = (Index("ix_callback_acceptance_place", "region", "number", "place"),)
    subscription: str = Field(sa_column=_of_subscription())
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    licence: str = Field(max_length=100)
    region: int
    number: int = Field(sa_type=BigInteger)
    place: int = Field(sa_type=BigInteger)
    counted: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger, index=True)


class NotedRow(SQLModel, table=True):
    """How many changes of a status list were noted; its row is what who notes and who accepts queue behind."""

    __tablename__ = "callback_noted"
    region: int = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    counted: int = Field(sa_type=BigInteger)


class EventRow(SQLModel, table=True):
    """A change that a subscription is to be told of: the outbox; `due_at` is the next try, or the end of one's turn."""

    __tablename__ = "callback_event"
    subscription: str = Field(sa_column=_of_subscription())
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True))
    id: str = Field(max_length=22)
    licence: str = Field(max_length=100)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int
    effective_at: int = Field(sa_type=BigInteger)
    recorded_at: int = Field(sa_type=BigInteger)
    height: int = Field(sa_type=BigInteger)
    noted_at: int = Field(sa_type=BigInteger)
    tries: int = Field(default=0)
    due_at: int = Field(sa_type=BigInteger, index=True)
