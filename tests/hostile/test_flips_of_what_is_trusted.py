"""Exhaustively: no bit of a key record, a root or a status can be turned and an altered record still say accept."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ecert.domain.status import Status
from ecert.domain.trust import Fact, KeyRecord
from tests.hostile.flips import flipped, flipped_number
from tests.unit.verifier.build import T0
from verifier.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hostile.conftest import Tell
    from tests.hostile.shown import Showing


@pytest.mark.parametrize("way", ["full", "online", "offline"])
def test_the_record_of_the_key_that_signed(showing: Showing, tell: Tell, way: str) -> None:
    """The authority's key for a presentation, the region's code key for a redeem response and an offline code."""
    record = showing.key("issuer" if way == "full" else "code")
    answer = showing.answer()
    judge = {
        "full": lambda: {showing.file(showing.container)},
        "online": lambda: showing.online(answer),
        "offline": lambda: showing.without_network(showing.offline),
    }[way]
    assert judge() == {Verdict.ACCEPT}
    tried = 0
    for altered in _records(record):
        tried += 1
        showing.trust(altered)
        assert Verdict.ACCEPT not in judge(), altered
    showing.trust(record)

    assert judge() == {Verdict.ACCEPT}
    assert tried == 8 * (len(record.spki) + len(record.suite) + len(record.purpose))
    tell(f"{tried} flips of a key record ({way}), none accepted")


def test_the_times_of_the_key_that_signed(showing: Showing, tell: Tell) -> None:
    """A flipped time accepts exactly where the period that it makes still holds what was anchored."""
    record = showing.key("issuer")
    signed, anchored = T0, showing.batches[32, 1, showing.receipt.batch][0].time
    ended = replace(record, not_after=anchored + 1_000_000)
    revoked = replace(record, revoked=(Fact(anchored + 1_000_000, anchored),))
    stolen = replace(record, compromised=(Fact(anchored + 1_000_000, anchored),))
    tried = 0
    for altered in (*_times(record, "not_before"), *_ends(ended), *_facts(revoked), *_facts(stolen)):
        tried += 1
        showing.trust(altered)
        holds = altered.in_period(anchored) and not altered.is_revoked(at=anchored, known_at=2**63)
        holds &= not altered.is_compromised(at=anchored, known_at=2**63) and signed <= anchored
        verdict = showing.file(showing.container)
        assert (verdict is Verdict.ACCEPT) == holds, altered
    showing.trust(record)

    assert tried == 4 * 63
    tell(f"{tried} flips of a key's times, accepted exactly where the key held when it was used")


def test_the_root_of_the_batch(showing: Showing, tell: Tell) -> None:
    name = (32, 1, showing.receipt.batch)
    (batch,) = showing.batches[name]
    altered = [replace(batch, root=root) for root in flipped(batch.root)]
    altered += [replace(batch, size=size) for size in flipped_number(batch.size)]
    altered += [replace(batch, hash_alg=number) for number in flipped_number(batch.hash_alg, 8)]
    altered += [replace(batch, contract=address) for address in flipped(batch.contract)]
    for each in altered:
        showing.batches[name] = (each,)
        assert showing.file(showing.container) is not Verdict.ACCEPT, each
    showing.batches[name] = (batch,)

    assert showing.file(showing.container) is Verdict.ACCEPT
    tell(f"{len(altered)} flips of a batch, none accepted")


def test_every_status_of_every_place(showing: Showing, tell: Tell) -> None:
    """Its own two bits decide, and nobody else's do."""
    replica = showing.world.replica
    location = replica.list_location(region=32, number=1)
    assert location is not None
    offset, size, _newest = location
    own = showing.issued_index
    path, tried = showing.world.writer.path, 0
    with path.open("r+b", buffering=0) as file:
        for index in range(size):
            place, shift = offset + (index >> 2), 2 * (index & 3)
            for status in (Status.INVALID, Status.SUSPENDED, Status.SUPERSEDED):
                tried += 1
                _put(file.fileno(), place, status << shift)
                verdict = showing.file(showing.container)
                _put(file.fileno(), place, 0)
                assert (verdict is Verdict.ACCEPT) == (index != own), (index, status)

    assert showing.file(showing.container) is Verdict.ACCEPT
    tell(f"{tried} other statuses, refused at the certificate's place and there alone")


def _put(file: int, place: int, byte: int) -> None:
    os.pwrite(file, bytes([byte]), place)


def _records(record: KeyRecord) -> Iterator[KeyRecord]:
    yield from (replace(record, spki=spki) for spki in flipped(record.spki))
    for name in ("suite", "purpose"):
        for raw in flipped(getattr(record, name).encode()):
            yield replace(record, **{name: raw.decode("latin-1")})


def _times(record: KeyRecord, name: str) -> Iterator[KeyRecord]:
    fact = getattr(record, name)
    yield from (replace(record, **{name: Fact(when, fact.known)}) for when in flipped_number(fact.when))


def _ends(record: KeyRecord) -> Iterator[KeyRecord]:
    assert record.not_after is not None
    yield from (replace(record, not_after=when) for when in flipped_number(record.not_after))


def _facts(record: KeyRecord) -> Iterator[KeyRecord]:
    """Flip the one revocation or compromise that the record has."""
    name = "revoked" if record.revoked else "compromised"
    (fact,) = getattr(record, name)
    yield from (replace(record, **{name: (Fact(when, fact.known),)}) for when in flipped_number(fact.when))
