"""The shared lists are released by vote before anybody works by them: proposed, voted for by all, published."""

from __future__ import annotations

from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.acts import queue
from ecert.app.lists import shared_lists
from ecert.app.wiring import House
from ecert.domain.errors import Unavailable
from ledger import motions

__all__ = ["release"]

_VOTING_SECONDS: Final = 86_400


def release(delta: Delta) -> None:
    """Release what is not released yet; Unavailable("ledger.unfounded") where proposals cannot be counted."""
    first = min(delta.houses)
    house = delta.of(first)
    if house.replica.trust.members.keys() - delta.houses.keys():
        return  # a vote of all needs all of them
    released = {(known.name, known.sha256) for known in house.replica.trust.releases}
    missing = {name: digest for name, digest in shared_lists().items() if (name, digest) not in released}
    if not missing:
        return
    directory = house.directory
    numbers = _next_numbers(house, len(missing))
    expires_at = house.floor.now() + _VOTING_SECONDS
    actions = [_action(house, name, digest) for name, digest in missing.items()]
    queue(delta, [(first, motions.propose(directory, action=each, expires_at=expires_at)) for each in actions])
    delta.settle()
    queue(delta, [(region, motions.vote(directory, number=n)) for region in delta.houses for n in numbers])
    delta.settle()
    queue(delta, [(first, motions.execute(directory, number=number)) for number in numbers])
    delta.settle()


def _action(house: House, name: str, digest: bytes) -> bytes:
    now = house.floor.now()
    call = motions.release(house.directory, name=name, version=digest.hex()[:12], sha256=digest, effective_from=now)
    return house.floor.ledger.encode(call)


def _next_numbers(house: House, count: int) -> range:
    (made,) = house.floor.ledger.ask(house.directory.call("Consortium", "proposalCount"))
    if not isinstance(made, int):
        raise Unavailable("ledger.unfounded", "the Consortium does not count its proposals")
    return range(made + 1, made + 1 + count)
