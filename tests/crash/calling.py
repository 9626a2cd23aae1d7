"""The partners of a crash run: one takes what it is told, at the second try now and then, and one is deaf.

What was taken is durable before it is answered, in a file that outlives the house. At the end it is what the chain
says of everything that was accepted: each change once by its name, in order, nothing left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from ecert.app.wiring import House
from ecert.domain.gateways import PartnerGateway
from tests.crash.standing import rows
from verifier.callbacks import Delivery, Posting, Targets
from verifier.callbacks.delivering import OLDEST
from verifier.callbacks.posting import Answer

__all__ = ["DEAF", "TAKES", "deliver", "partner", "untold"]

TAKES, DEAF = "91350100M000100Y43", "91440100M000100Y47"
TOLD = "told.jsonl"
_AWHILE, _DAY = 3_600, 86_400
_WORDS = {0: "valid", 1: "revoked", 2: "suspended", 3: "superseded"}


@dataclass(frozen=True, slots=True)
class Receiver(Posting):
    """Stands where HTTP would: appends to the file in `home`, or is deaf."""

    home: Path = Path()

    async def post(self, url: str, body: bytes, *, turn: int, **_more: Any) -> Answer:  # noqa: ANN401 - of no use here
        if DEAF in url or (turn == 1 and orjson.loads(body)["sequence"] % 3 == 0):
            return Answer(500)
        file = os.open(self.home / TOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, body + b"\n")
        os.fsync(file)
        os.close(file)
        return Answer(204)


def partner(uscc: str) -> PartnerGateway:
    """Give a partner of Shanghai's."""
    return PartnerGateway(31, "ES256", b"", uscc, "示例平台", ("EC-0101",))


def deliver(house: House, home: Path, *, ahead: int = 0) -> int:
    """Deliver what is due, by a worker whose clock is `ahead` seconds."""
    return _worker(house, home, ahead).once()


def untold(house: House, home: Path) -> Iterator[str]:
    """Deliver all that waits; tell what the partners were not told, or otherwise than the chain says."""
    house.rounds.once()
    for ahead in (*range(0, _AWHILE, 60), OLDEST + _DAY):
        while deliver(house, home, ahead=ahead):
            pass
    house.callbacks.purge(house.floor.now())
    file = home / TOLD
    came = [orjson.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []
    for each in rows(house, "SELECT * FROM callback_subscription"):
        own = [told for told in came if told["subscription"] == each.id]
        yield from _in_order(own, each.sequence - each.given_up)
        if TAKES in each.url:
            yield from _as_the_chain_says(house, each.id, own)


def _worker(house: House, home: Path, ahead: int) -> Delivery:
    posting = Receiver(Targets(), home=home)
    return replace(house.callbacks.delivery, posting=posting, now=lambda: house.floor.now() + ahead)


def _in_order(came: list[dict[str, Any]], expected: int) -> Iterator[str]:
    first = list({told["event"]: told for told in came}.values())
    if len(first) != expected:
        yield f"callbacks: {len(first)} events came of {expected}"
    numbers = [told["sequence"] for told in first]
    if numbers != sorted(set(numbers)):
        yield f"callbacks: events came as {numbers}"
    if len({orjson.dumps(told) for told in came}) != len(first):
        yield "callbacks: an event came again and said something else"


def _as_the_chain_says(house: House, subscription: str, came: list[dict[str, Any]]) -> Iterator[str]:
    """Each change after the acceptance was told once, by its name, and nothing else was."""
    accepted = rows(house, f"SELECT * FROM callback_acceptance WHERE subscription = '{subscription}'")  # noqa: S608 - our own name
    for each in accepted:
        changes = house.replica.changes(region=each.region, number=each.number, after=each.counted)
        expected = [_WORDS[change.status] for change in changes if each.place in change.indices]
        own = {told["event"]: told for told in came if told["fingerprint"] == bytes(each.fingerprint).hex()}
        if [told["status"] for told in own.values()] != expected:
            yield f"callbacks: {each.licence} became {expected}, told was {[told['status'] for told in own.values()]}"
