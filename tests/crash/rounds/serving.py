"""The service under load: it works, anchors, follows and verifies until it is killed, whatever becomes of the chain."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import orjson

from ecert.app.asgi import create_app
from ecert.domain.errors import Unavailable
from ecert.domain.receipt import format_container
from issuer.kept import read
from tests.crash.acting import again, perform, want_of
from tests.crash.housing import NOTES, found, opened
from tests.crash.notes import Act, Json, Notes
from tests.crash.standing import rows
from tests.crash.working import IDENTITY, Day
from tests.world import World

__all__ = ["Look", "found_with_a_card", "looks", "serve"]

QUESTION = "question.json"
SEEN = "seen.jsonl"
_PAUSE = 0.35
_LOOK = 0.2
_CARD = {"type_no": IDENTITY, "region": 32, "number": 1}
_FINAL = 'SELECT count(*) FROM ledger_batch b JOIN ledger_transaction t ON t.id = b."transaction" WHERE t.block > 0'


@dataclass(frozen=True, slots=True)
class Look:
    """What the service said at a moment (Unix seconds): a file's verdict, the age it told, batches final until then."""

    at: float
    verdict: str
    age: int
    final: int


def found_with_a_card(home: Path) -> None:
    """Found a house and issue what will be verified all the time."""
    found(home)
    with opened(home) as (house, _):
        (issued,) = perform(house, Act("issue", "stock", {"region": 32, "wants": [_CARD]}))["issued"]
        house.settle()
        kept, holder = read(house.issuer, issued["licence_id"], authority=issued["authority"]), want_of(_CARD).holder
    named = {"id_type": holder.id_type, "id": holder.id}
    question = {"container": orjson.loads(format_container(kept.container)), "division": "310118", "holder": named}
    (home / QUESTION).write_bytes(orjson.dumps(question))


def looks(home: Path) -> list[Look]:
    """Read what the service has told so far."""
    path = home / SEEN
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [Look(**orjson.loads(line)) for line in lines if line.endswith(b"\n")]


def serve(home: Path, seed: int) -> None:
    """Work until killed; nothing but the chain may be away."""
    notes = Notes(home / NOTES)
    threading.excepthook = lambda told: notes.unnamed(f"a thread died of {told.exc_value!r}")
    with opened(home) as (house, clock):
        for act in (house.rounds.forever, _Looking(World(house, clock, create_app(house)), home).forever):
            threading.Thread(target=act, args=(threading.Event(),), daemon=True).start()
        day = PatientDay(house, Random(seed), notes, str(seed))  # noqa: S311 — a seeded list of what to do, no secret
        while True:
            day.do_something()
            time.sleep(_PAUSE)


class PatientDay(Day):
    """A day whose callers ask again where the house cannot answer now, with the same key, and wait for the chain."""

    def perform(self, act: Act) -> Json:
        done = perform
        while True:
            try:
                return done(self.house, act)
            except Unavailable:
                done = perform if act.kind == "mint" else again
                time.sleep(1)

    def settle(self) -> None:
        while True:
            try:
                return super().settle()
            except Unavailable:
                time.sleep(1)


@dataclass(frozen=True, slots=True)
class _Looking:
    world: World
    home: Path

    def forever(self, stop: threading.Event) -> None:
        body = orjson.loads((self.home / QUESTION).read_bytes())
        with (self.home / SEEN).open("ab") as seen:
            while not stop.wait(_LOOK):
                seen.write(orjson.dumps(asdict(self._look(body))) + b"\n")
                seen.flush()

    def _look(self, body: dict[str, Any]) -> Look:
        answer = self.world.ask("POST", "/api/v1/verifications", json=body).json()
        verdict, age = answer.get("verdict", answer), answer.get("replica", {}).get("age", -1)
        ((final,),) = rows(self.world.house, _FINAL)
        return Look(time.time(), str(verdict), age, final)
