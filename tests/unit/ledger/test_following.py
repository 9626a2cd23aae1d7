from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ecert.domain.errors import Unavailable
from ecert.domain.status import Status
from ledger import acts
from ledger.port import FinalBlock, Ledger
from ledger.replica import open_replica
from ledger.store import queue as queue_rows
from tests.unit.ledger.blocks import changed
from tests.unit.ledger.standing import House, standing


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[House]:
    with standing(tmp_path_factory, tmp_path) as house:
        yield house


@dataclass
class Between:
    """A ledger with somebody between it and whoever reads: each block passes through `tamper`."""

    ledger: Ledger
    tamper: Callable[[FinalBlock], FinalBlock]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the ledger has
        return getattr(self.ledger, name)

    def blocks(self, *, first: int, last: int, contracts: Mapping[bytes, str]) -> Iterator[FinalBlock]:
        return map(self.tamper, self.ledger.blocks(first=first, last=last, contracts=contracts))


def test_the_founding_is_followed_whole(house: House) -> None:
    follower = house.follower()
    assert follower.step() == house.ledger.head().number
    assert follower.step() == 0
    trust = open_replica(house.folder / "r").trust

    assert list(trust.members) == [31, 32, 33, 34]
    assert {address for _, address, _ in trust.directory} == {
        house.directory.trust,
        house.directory.anchor,
        house.directory.status,
    }
    assert all(proposal.executed and len(proposal.votes) == 4 for proposal in trust.proposals.values())
    assert len(trust.proposals) == 3
    assert sorted({region for region, _ in trust.accounts}) == [31, 32, 33, 34]
    assert all(len(accounts) == 1 for accounts in trust.accounts.values())


def test_status_and_trust_come_with_both_times(house: House) -> None:
    d, uscc = house.directory, "11319900MB0X00012B"
    house.queue(acts.create_status_list(d, region=31, number=1, size=1024), "31-status")
    house.queue(acts.register_authority(d, uscc=uscc, division="3101", name="示例局", not_before=100), "31-admin")
    house.settle()
    since = house.now - 5
    house.queue(acts.set_status(d, region=31, number=1, indices=[9, 3], status=2, effective_at=since), "31-status")
    house.settle()
    house.follower().step()
    replica = open_replica(house.folder / "r")

    assert replica.trust.authorities[uscc].in_force(at=100, known_at=house.now)
    assert replica.status(region=31, number=1, index=3, at=since) == Status.SUSPENDED
    assert replica.status(region=31, number=1, index=3, at=since - 1) == Status.VALID
    (word,) = house.ledger.ask(d.call("StatusRegistry", "word", 31, 1, 0))
    assert replica.bitmap(region=31, number=1) == int(str(word)).to_bytes(32, "little") + bytes(224)
    assert replica.age(house.now + 7) == 7


def forget(block: FinalBlock) -> FinalBlock:
    return replace(block, events=())


def invent(block: FinalBlock) -> FinalBlock:
    statuses = [event for event in block.events if event.contract == "StatusRegistry"]
    return replace(block, events=(*block.events, changed(1, 7, address=statuses[0].address))) if statuses else block


def swap(block: FinalBlock) -> FinalBlock:
    return replace(block, events=tuple(reversed(block.events)))


def reword(block: FinalBlock) -> FinalBlock:
    return replace(block, events=tuple(replace(e, payload=e.payload[:-1] + b"\x01") for e in block.events))


@pytest.mark.parametrize("tamper", [forget, invent, swap, reword])
def test_a_forgotten_or_forged_event_stops_the_follower_and_shows_nobody_anything(
    house: House, tamper: Callable[[FinalBlock], FinalBlock]
) -> None:
    house.follower().step()
    before = open_replica(house.folder / "r")
    for number in (1, 2):
        house.queue(acts.create_status_list(house.directory, region=31, number=number, size=1024), "31-status")
    house.settle()
    follower = house.follower(Between(house.ledger, tamper))
    with pytest.raises(Unavailable, match=r"replica\.events"):
        follower.step()
    before.refresh()
    assert before.bitmap(region=31, number=1) is None
    assert before.head == follower.writer.header.head

    house.follower().step()
    before.refresh()
    assert before.bitmap(region=31, number=2) == bytes(256)
    assert before.head.number == house.ledger.head().number


def test_an_invented_change_sets_no_bit_for_anybody(house: House) -> None:
    house.queue(acts.create_status_list(house.directory, region=31, number=1, size=1024), "31-status")
    house.settle()
    house.follower().step()
    house.queue(
        acts.set_status(house.directory, region=31, number=1, indices=[1], status=2, effective_at=house.now),
        "31-status",
    )
    house.settle()
    with pytest.raises(Unavailable, match=r"replica\.events"):
        house.follower(Between(house.ledger, invent)).step()
    assert open_replica(house.folder / "r").bitmap(region=31, number=1) == bytes(256)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda b: replace(b, parent=bytes(32)),
        lambda b: replace(b, number=b.number + 1),
        lambda b: replace(b, time=-1),
    ],
)
def test_a_block_that_does_not_continue_the_last_is_refused(
    house: House, tamper: Callable[[FinalBlock], FinalBlock]
) -> None:
    with pytest.raises(Unavailable, match=r"replica\.unlinked"):
        house.follower(Between(house.ledger, tamper)).step()
    assert house.follower().step() > 0


def test_a_contract_may_speak_in_the_block_that_appoints_it(house: House) -> None:
    house.queue(acts.create_status_list(house.directory, region=31, number=1, size=1024), "31-status")
    house.settle()
    house.queue(
        acts.set_status(house.directory, region=31, number=1, indices=[1], status=1, effective_at=house.now),
        "31-status",
    )
    house.settle()
    later = replace(house.directory, status=house.appoint("StatusRegistry"))
    house.queue(later.call("Consortium", "execute", house.proposal), "31-admin")
    # The accounts are pushed in the order of their addresses; the chain takes them in the order of arrival.
    house.sending.ledger.submit(_last(house))
    house.queue(acts.create_status_list(later, region=31, number=1, size=2048), "31-status")
    house.sending.push()
    house.block()
    house.settle()
    house.follower().step()
    replica = open_replica(house.folder / "r")

    assert list(replica.trust.contracts(replica.trust.directory[-1][0]))[-1] == (
        later.status,
        house.ledger.head().number,
    )
    assert replica.status(region=31, number=1, index=1) == Status.INVALID
    assert replica.status(region=31, number=1, index=2000) == Status.VALID
    assert house.ledger.ask(later.call("StatusRegistry", "listCount", 31)) == (1,)


def _last(house: House) -> Any:  # noqa: ANN401 - a signed transaction
    account = house.sending.account("31-admin").address
    with house.floor.database.reading() as connection:
        return [t for _, sender, t in queue_rows.unfinished(connection, most=10) if sender == account][-1]
