"""Delivering: each subscription's events in turn, each until it is taken or given up (docs/spec/callbacks.md).

A worker takes a turn in one transaction, posts outside of any, and writes down in another what became of it. Turns end
by themselves, so a worker that is killed holds nothing up: what it may have sent is sent again under the same name.
Written names: `callback.turn`, `callback.told`, `callback.drop`, `callback.end`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from ecert.domain.errors import EcertError
from ecert.domain.signer import Signer
from ecert.domain.status import Status
from ecert.runtime.logs import log, place_of
from ecert.runtime.rests import rest_after
from ecert.runtime.signed.exchanging import run
from ecert.runtime.storage import Database
from verifier.callbacks.posting import Answer, Posting
from verifier.callbacks.store import events, subscriptions
from verifier.callbacks.store.events import Event, Turn
from verifier.callbacks.store.subscriptions import Whose

__all__ = ["OLDEST", "Delivery", "body_of"]

OLDEST: Final = 3 * 86_400
"""Seconds: an event that is older than this is given up when it fails; a weekend is borne."""

_TURN: Final = 60
_AT_ONCE: Final = 16
_FIRST, _LONGEST, _PATIENT = 15, 6 * 3600, 86_400
_PAUSE, _REST = 0.5, 5.0
_GONE: Final = 410
_WORDS: Final = {
    Status.VALID: "valid",
    Status.INVALID: "revoked",
    Status.SUSPENDED: "suspended",
    Status.SUPERSEDED: "superseded",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One worker; any number of them may share a database. `signer` opens a region's gateway key.

    `has_ended` tells that a partner's sponsorship has: it is told nothing more.
    """

    database: Database
    posting: Posting
    signer: Callable[[int], Signer]
    has_ended: Callable[[Whose], bool]
    now: Callable[[], int]

    def once(self) -> int:
        """Deliver what is due, one event of each subscription; return how many were tried."""
        now = self.now()
        with self.database.reading() as connection:
            if not events.is_due(connection, now=now):
                return 0
        with self.database.transaction() as connection:
            turns = events.take_turns(connection, most=_AT_ONCE, now=now, until=now + _TURN)
        for turn, answer in zip(turns, run(self._post(turns)) if turns else (), strict=True):
            self._conclude(turn, answer)
        return len(turns)

    def forever(self, stop: threading.Event) -> None:
        """Deliver until told to stop; a fault is logged and tried again."""
        while not stop.wait(_PAUSE):
            try:
                while self.once() and not stop.is_set():
                    pass
            except EcertError as error:
                log("callbacks.failed", code=error.code)
                stop.wait(_REST)
            except Exception as defect:  # noqa: BLE001 - a thread that ended would leave every partner uninformed
                log("callbacks.failed", level=logging.ERROR, error=type(defect).__name__, place=place_of(defect))
                stop.wait(_REST)

    def purge(self, _now: int) -> None:
        """End the subscriptions of partners that are sponsored no more."""
        with self.database.reading() as connection:
            ended = [each for each in subscriptions.every_partner(connection) if self.has_ended(each)]
        for whose in ended:
            with self.database.transaction() as connection:
                subscriptions.end_of(connection, whose)

    def waiting(self) -> tuple[int, int | None, int]:
        """Count the events that wait, since when the oldest does, and those given up."""
        with self.database.reading() as connection:
            return *events.waiting(connection), subscriptions.given_up(connection)

    async def _post(self, turns: list[Turn]) -> list[Answer]:
        return await asyncio.gather(*map(self._try, turns))

    async def _try(self, turn: Turn) -> Answer:
        body = body_of(turn.event)
        try:
            if self.has_ended(turn.whose):
                return Answer(None, "partner.ended")
            signer = self.signer(turn.whose.region)
            return await self.posting.post(turn.url, body, signer=signer, now=self.now(), turn=turn.tries)
        except EcertError as fault:
            return Answer(None, fault.code)
        except Exception as defect:  # noqa: BLE001 - one event's defect is its own failure, and not its neighbours'
            log("callbacks.failed", level=logging.ERROR, error=type(defect).__name__, place=place_of(defect))
            return Answer(None, "internal.error")

    def _conclude(self, turn: Turn, answer: Answer) -> None:
        now = self.now()
        with self.database.transaction() as connection:
            if answer.is_taken:
                events.drop(connection, turn)
            elif answer.status == _GONE:
                subscriptions.end(connection, turn.whose, turn.event.subscription)
            elif now - turn.event.noted_at > OLDEST:
                subscriptions.give_up(connection, turn.event.subscription)
                events.drop(connection, turn)
            else:
                events.put_off(connection, turn, until=now + _wait(turn.tries, answer.retry_after))
        if not answer.is_taken:
            log("callback.failed", code=answer.code or "gateway.refused", status=answer.status or 0, count=turn.tries)


def body_of(event: Event) -> bytes:
    """Write what the receiver is told (docs/spec/callbacks.md)."""
    return orjson.dumps(
        {
            "v": 1,
            "event": event.id,
            "subscription": event.subscription,
            "sequence": event.sequence,
            "licence_id": event.licence,
            "fingerprint": event.fingerprint.hex(),
            "status": _WORDS[Status(event.status)],
            "effective_at": event.effective_at,
            "recorded_at": event.recorded_at,
            "height": event.height,
        }
    )


def _wait(tries: int, told: int | None) -> int:
    """Rest longer each time; what they ask for is the least."""
    return max(int(rest_after(tries, first=_FIRST, longest=_LONGEST)), min(told or 0, _PATIENT))
