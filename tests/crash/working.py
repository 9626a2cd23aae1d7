"""An ordinary day drawn from a seed: every use case that writes, each asked for so that it can be asked for again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from ecert.app.wiring import House
from tests.crash.acting import perform
from tests.crash.calling import DEAF, TAKES, deliver
from tests.crash.notes import Act, Json, Notes
from tests.world import ITEM
from verifier.callbacks.delivering import OLDEST

__all__ = ["IDENTITY", "Day", "work"]

IDENTITY, DRIVING, DEED = 1, 2, 24
REGIONS: Final = (31, 32, 33, 34)
_ACTS: Final = 40
_GROUNDS: Final = {"suspend": "holder_request", "restore": "review_passed", "revoke": "lost"}


def work(house: House, seed: int, notes: Notes) -> None:
    """Work until killed, or until the day is over and everything is settled."""
    draw = Random(seed)  # noqa: S311 — a seeded list of what to do, no secret
    day = Day(house, draw, notes, f"{seed}")
    stop = threading.Event()
    rounds = threading.Thread(target=house.rounds.forever, args=(stop,), daemon=True)
    if draw.random() < 1 / 2:
        rounds.start()
    for _ in range(_ACTS):
        day.do_something()
        if not rounds.is_alive() and draw.random() < 1 / 3:
            house.rounds.once()
    stop.set()
    if rounds.is_alive():
        rounds.join()
    house.settle()


@dataclass(slots=True)
class _Card:
    licence_id: str
    authority: str
    want: Mapping[str, Json]
    status: str = "VALID"


@dataclass(slots=True)
class Day:
    """What one day's callers hold and ask for; `name` begins their idempotency keys."""

    house: House
    draw: Random
    notes: Notes
    name: str
    count: int = 0
    cards: list[_Card] = field(default_factory=list)
    codes: list[Mapping[str, Json]] = field(default_factory=list)
    used: list[Mapping[str, Json]] = field(default_factory=list)
    subscribed: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Where the house is."""
        return self.house.floor.settings.home

    def do_something(self) -> None:
        """Do one act of any kind."""
        choices: list[Callable[[], None]] = [
            *[self.issue] * 3,
            *[self.change] * 3,
            self.change_later,
            self.renew,
            *[self.mint] * 2,
            *[self.redeem] * 3,
            self.miss,
            self.object_to,
            self.keep_current,
            self.rotate,
            *[self.call_back] * 2,
            self.unsubscribe,
        ]
        self.draw.choice(choices)()

    def ask(self, kind: str, **about: Json) -> Json:
        self.count += 1
        act = Act(kind, f"{self.name}-{self.count}", about)
        self.notes.asked(act)
        answer = self.perform(act)
        self.notes.told(act, answer)
        return answer

    def perform(self, act: Act) -> Json:
        """Do an act; whoever is patient asks again."""
        return perform(self.house, act)

    def settle(self) -> None:
        """Let all that was asked for become final, and be noted for the partners."""
        self.house.settle()
        self.house.rounds.once()

    def issue(self) -> None:
        region = self.draw.choice(REGIONS)
        wants = [self._want(region) for _ in range(self.draw.choice((1, 1, 1, 6)))]
        for want, issued in zip(wants, self.ask("issue", region=region, wants=wants)["issued"], strict=True):
            self.cards.append(_Card(issued["licence_id"], issued["authority"], want))

    def change(self) -> None:
        card = self._card("VALID", "SUSPENDED")
        if card is None:
            self.issue()
            return
        actions = {"VALID": ("suspend", "revoke"), "SUSPENDED": ("restore", "restore", "revoke")}[card.status]
        action = self.draw.choice(actions)
        self._change(card, action, later=0)
        card.status = {"suspend": "SUSPENDED", "restore": "VALID", "revoke": "INVALID"}[action]

    def change_later(self) -> None:
        card = self._card("VALID")
        if card is not None:
            self._change(card, "revoke", later=self.draw.randrange(1, 4))
            card.status = "waits"

    def renew(self) -> None:
        card = self._card("VALID", "SUSPENDED")
        if card is not None:
            answer = self.ask("renew", licence_id=card.licence_id, want=card.want)
            card.status = "SUPERSEDED"
            self.cards.append(_Card(answer["issued"][0]["licence_id"], card.authority, card.want))

    def keep_current(self) -> None:
        card = self._card("VALID", kind=DRIVING)
        if card is not None:
            points = self.draw.randrange(12)
            self.ask("mutable", licence_id=card.licence_id, authority=card.authority, elements={"LJJF": points})

    def mint(self) -> None:
        region, number = self.draw.choice(REGIONS), self.draw.choice((1, 2, 3))
        about = {"region": region, "number": number}
        self.codes.append({**about, **self.ask("mint", **about, typed=self.draw.random() < 1 / 3)})

    def redeem(self) -> None:
        if not self.codes:
            self.mint()
        code = self.codes.pop(self.draw.randrange(len(self.codes)))
        who = {"region": code["region"], "number": code["number"]}
        text = code["typed"] or code["text"]
        told = self.ask("redeem", text=text, **who, item=ITEM)
        self.used.append({**who, "use_id": told["use_id"]})

    def miss(self) -> None:
        self.ask("miss", device=f"desk-{self.count}")

    def object_to(self) -> None:
        if self.used:
            self.ask("object", **self.used.pop())

    def rotate(self) -> None:
        card = self._card("VALID")
        if card is not None:
            self.ask("rotate", authority=card.authority)

    def call_back(self) -> None:
        """Accept a certificate under a subscription, change it, and let the partner be told."""
        card = self._card("VALID")
        if card is None:
            self.issue()
            return
        who = self.draw.choice((TAKES, TAKES, DEAF))
        own = self.subscribed[who] = self.ask("subscribe", partner=who)["id"]
        self.settle()
        about = {"licence_id": card.licence_id, "authority": card.authority, "want": card.want}
        self.ask("accept", partner=who, id=own, **about)
        for status, action in (("SUSPENDED", "suspend"), ("VALID", "restore")):
            self._change(card, action, later=0)
            card.status = status
        self.settle()
        for ahead in (0, 0, 60, OLDEST + 60):
            deliver(self.house, self.home, ahead=ahead)

    def unsubscribe(self) -> None:
        if self.subscribed:
            who = self.draw.choice(sorted(self.subscribed))
            self.ask("end", partner=who, id=self.subscribed.pop(who))

    def _change(self, card: _Card, action: str, *, later: int) -> None:
        about = {"licence_id": card.licence_id, "authority": card.authority, "action": action}
        self.ask("change", **about, ground=_GROUNDS[action], later=later)

    def _want(self, region: int) -> dict[str, int]:
        type_no = self.draw.choice((IDENTITY, DRIVING, DEED))
        return {"type_no": type_no, "region": region, "number": self.draw.choice((1, 2, 3))}

    def _card(self, *statuses: str, kind: int | None = None) -> _Card | None:
        fitting = [c for c in self.cards if c.status in statuses and kind in {None, c.want["type_no"]}]
        return self.draw.choice(fitting) if fitting else None
