"""Noting: what the chain changes about accepted certificates becomes events, each change once for each subscription.

What is kept of a certificate names how many changes of its status list were told when it was accepted; the list's own
row, how many were noted since. Both are counts of the chain's own events, so a replica that is followed anew, or a
database restored from a backup, notes the very same changes under the very same names. Written name: `callback.note`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from ecert.domain.strict import b64url_encode
from ecert.runtime.storage import Database
from ledger.replica import Change, Replica
from verifier.callbacks.store import acceptances, events, subscriptions
from verifier.callbacks.store.acceptances import Acceptance, ListName
from verifier.callbacks.store.events import Event

__all__ = ["Noting", "write_events"]

_AT_ONCE: Final = 500
_NAME: Final = 16
"""Bytes of an event's name."""


@dataclass(frozen=True, slots=True)
class Noting:
    """Looks for what changed in a replica since it last looked."""

    database: Database
    replica: Replica

    def once(self, now: int) -> None:
        """Note every change that was followed; Unavailable("storage.*")."""
        with self.database.reading() as connection:
            noted = acceptances.noted(connection)
        for name, counted in noted.items():
            if (self.replica.counted(region=name[0], number=name[1]) or 0) > counted:
                self._note(name, now)

    def _note(self, name: ListName, now: int) -> None:
        height = self.replica.head.number
        with self.database.transaction() as connection:
            counted = acceptances.hold(connection, name)
            changes = self.replica.changes(region=name[0], number=name[1], after=counted)
            for ordinal, change in enumerate(changes, counted + 1):
                for places in _in_parts(change.indices):
                    accepted = acceptances.accepted_at(connection, name, places, now=now)
                    write_events(connection, accepted, change, ordinal=ordinal, height=height, now=now)
            acceptances.mark(connection, name, counted=counted + len(changes))


def write_events(
    connection: Connection, accepted: Iterable[Acceptance], change: Change, *, ordinal: int, height: int, now: int
) -> None:
    """Write the events of a list's `ordinal`-th change, numbered, for those who accepted before it."""
    news = [each for each in accepted if each.counted < ordinal]
    for name, own in groupby(sorted(news, key=_order), key=lambda each: each.subscription):
        several = list(own)
        first = subscriptions.number_next(connection, name, len(several))
        if first is not None:
            events.add(
                connection,
                [
                    Event(
                        subscription=name,
                        sequence=sequence,
                        id=_name(each, ordinal),
                        licence=each.licence,
                        fingerprint=each.fingerprint,
                        status=change.status,
                        effective_at=change.effective,
                        recorded_at=change.known,
                        height=height,
                        noted_at=now,
                    )
                    for sequence, each in enumerate(several, first)
                ],
            )


def _order(acceptance: Acceptance) -> tuple[str, int, bytes]:
    return acceptance.subscription, acceptance.place, acceptance.fingerprint


def _name(acceptance: Acceptance, ordinal: int) -> str:
    """Name an event by what it tells, so that it has this name however often it is noted."""
    told = f"{acceptance.subscription} {acceptance.fingerprint.hex()} {ordinal}"
    return b64url_encode(sha256(told.encode()).digest()[:_NAME])


def _in_parts(indices: Sequence[int]) -> Iterable[Sequence[int]]:
    return (indices[start : start + _AT_ONCE] for start in range(0, len(indices), _AT_ONCE))
