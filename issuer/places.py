"""A certificate's place in a status list, drawn at random so that no index tells when it was issued."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ecert.domain.ids import random_below
from ecert.runtime.storage import queue_behind
from issuer.room import Issuer
from issuer.store import certificates, lists
from issuer.store.lists import StoredList
from ledger import acts

__all__ = ["Place", "draw_places"]


@dataclass(frozen=True, slots=True)
class Place:
    """An index of a region's list."""

    region: int
    number: int
    index: int


def draw_places(issuer: Issuer, *, region: int, count: int, now: int) -> list[Place]:
    """Draw free places, opening new lists where the open one is half full.

    Nothing is held: who stores first has them, and who stores second meets an IntegrityError and draws again.
    """
    places: list[Place] = []
    with issuer.database.reading() as connection:
        newest = lists.newest(connection, region)
        if newest is not None:
            places += _draw(connection, newest, min(newest.room, count))
    while len(places) < count:
        newest = _open_next(issuer, region, after=newest.number if newest else 0, now=now)
        with issuer.database.reading() as connection:
            places += _draw(connection, newest, min(newest.room, count - len(places)))
    return places


def _draw(connection: Connection, status_list: StoredList, count: int) -> list[Place]:
    region, number = status_list.region, status_list.number
    found: dict[int, None] = {}  # in the order drawn: a set would sort them, and tell who came first
    while len(found) < count:
        drawn = dict.fromkeys(random_below(status_list.size) for _ in range(count - len(found)))
        taken = certificates.taken(connection, region=region, number=number, indices=drawn)
        found.update(dict.fromkeys(index for index in drawn if index not in taken))
    return [Place(region, number, index) for index in found]


def _open_next(issuer: Issuer, region: int, *, after: int, now: int) -> StoredList:
    """Open the list that follows; durable before anything cites it: row and transaction at once, `list.open`."""
    with issuer.database.transaction() as connection:
        number = after + 1
        queue_behind(connection, f"issuer list {region} {number}")
        known = lists.find(connection, region=region, number=number)
        if known is not None:
            return known
        opened = StoredList(region, number, issuer.list_size)
        lists.add(connection, opened)
        call = acts.create_status_list(issuer.directory, region=region, number=number, size=opened.size)
        issuer.sending.queue(connection, call, account=f"{region}-status", now=now)
        return opened
