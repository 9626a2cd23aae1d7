"""Audit roots are judged: forged ones are named for ever, and who does not answer is asked again, but not at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from ecert.domain.errors import NotFound, Unavailable
from ecert.domain.merkle import Tree
from ledger.replica import AUDIT, open_replica
from tests.unit.ledger.standing import MINUTE, House, standing


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[House]:
    with standing(tmp_path_factory, tmp_path) as house:
        yield house


@dataclass
class Proofs:
    """The keepers of audit logs, who may lie, be away (all, or the regions in `silent`) and take their seconds."""

    house: House
    lie: Callable[[list[bytes]], list[bytes]] | None = None
    fault: Exception | None = None
    silent: set[int] = field(default_factory=set)
    seconds: int = 0
    each: list[int] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.each)

    def consistency(self, *, region: int, first: int, second: int) -> list[bytes]:
        self.each.append(region)
        self.house.steady.seconds += self.seconds
        if region in self.silent:
            raise Unavailable("gateway.slow")
        if self.fault is not None:
            raise self.fault
        path = self.house.audit.consistency(region=region, first=first, second=second)
        return path if self.lie is None else self.lie(path)


def grow(house: House, *counts: int, region: int = 31) -> None:
    for count in counts:
        house.note(count, region)
        house.anchoring().close_batches(house.now)
        house.settle()


def test_an_audit_log_that_grows_is_proved_step_by_step(house: House) -> None:
    grow(house, 3, 1, 4)
    proofs = Proofs(house)
    follower = house.follower(proofs=proofs)
    follower.step()
    replica = open_replica(house.folder / "r")

    assert [log.size for log in replica.audit_logs[31]] == [3, 4, 8]
    assert (replica.judged_logs, replica.forged_logs, proofs.asked) == ({31: 3}, {}, 2)
    follower.step()
    assert proofs.asked == 2


@pytest.mark.parametrize(
    "lie",
    [lambda path: path[:-1], lambda path: [bytes(32)] * len(path), lambda _: [b"x"], lambda path: [*path, bytes(32)]],
)
def test_an_audit_log_that_was_altered_is_named_and_stays_so(
    house: House, lie: Callable[[list[bytes]], list[bytes]]
) -> None:
    grow(house, 3, 1)
    house.follower(proofs=Proofs(house, lie)).step()
    grow(house, 1)
    house.follower(proofs=Proofs(house)).step()
    replica = open_replica(house.folder / "r")
    assert (replica.judged_logs, replica.forged_logs) == ({31: 3}, {31: (2,)})


def test_every_root_that_does_not_continue_is_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    grow(house, 3, 1)
    with caplog.at_level(logging.INFO):
        house.follower(proofs=Proofs(house, lambda path: path[:-1])).step()
    grow(house, 1)
    house.follower(proofs=Proofs(house)).step()
    grow(house, 1)
    house.follower(proofs=Proofs(house, lambda path: path[:-1])).step()

    assert open_replica(house.folder / "r").forged_logs == {31: (2, 4)}
    told = [vars(record)["fields"] for record in caplog.records if record.msg == "audit.forged"]
    assert told == [{"region": "31", "batch": 2}, {"region": "31", "batch": 4}]


def test_a_region_that_denies_its_own_log_is_named(house: House) -> None:
    grow(house, 3, 1)
    house.follower(proofs=Proofs(house, fault=NotFound("audit.size"))).step()
    assert open_replica(house.folder / "r").forged_logs == {31: (2,)}


def test_a_region_that_is_away_is_asked_again(house: House) -> None:
    grow(house, 3, 1)
    proofs = Proofs(house, fault=Unavailable("ledger.unavailable"))
    follower = house.follower(proofs=proofs)
    follower.step()
    waiting = open_replica(house.folder / "r")
    assert (waiting.judged_logs, [log.size for log in waiting.unjudged(31)]) == ({31: 1}, [4])
    proofs.fault = None
    house.steady.seconds += MINUTE
    follower.step()
    replica = open_replica(house.folder / "r")
    assert (replica.judged_logs, replica.forged_logs, replica.unjudged(31)) == ({31: 2}, {}, ())


def test_a_silent_region_is_asked_ever_more_seldom_down_to_once_a_minute(house: House) -> None:
    grow(house, 3, 1)
    proofs = Proofs(house, silent={31})
    follower = house.follower(proofs=proofs)
    asked = []
    for _ in range(1200):
        follower.step()
        asked.append(proofs.asked)
        house.steady.seconds += 1
    told = [second for second in range(1, 1200) if asked[second] > asked[second - 1]]

    assert told[0] <= 1
    assert len(told) < 50
    waits = [later - sooner for sooner, later in pairwise(told[10:])]
    assert waits
    assert all(30 <= wait <= 60 for wait in waits)
    proofs.silent.clear()
    house.steady.seconds += MINUTE
    follower.step()
    assert open_replica(house.folder / "r").judged_logs == {31: 2}


def test_a_round_waits_for_one_silent_region_and_the_others_have_their_turn(house: House) -> None:
    grow(house, 3, 1, 2)
    grow(house, 2, 1, region=32)
    proofs = Proofs(house, silent={31}, seconds=3)
    follower = house.follower(proofs=proofs)
    follower.step()
    assert proofs.each == [31]
    follower.step()
    replica = open_replica(house.folder / "r")

    assert (proofs.each[:2], replica.judged_logs) == ([31, 32], {31: 1, 32: 2})


def test_a_slow_region_keeps_a_round_for_three_seconds_and_goes_on_in_the_next(house: House) -> None:
    grow(house, 3, 1, 2)
    grow(house, 2, 1, region=32)
    proofs = Proofs(house, seconds=4)
    follower = house.follower(proofs=proofs)
    for _ in range(3):
        follower.step()

    assert proofs.each == [31, 32, 31]
    assert open_replica(house.folder / "r").judged_logs == {31: 3, 32: 2}


def test_audit_roots_of_a_succeeding_contract_continue_those_of_the_old(house: House) -> None:
    grow(house, 2)
    house.directory = house.succeed("CertificateAnchor")
    grow(house, 3)
    house.follower(proofs=Proofs(house)).step()
    replica = open_replica(house.folder / "r")
    assert ([log.size for log in replica.audit_logs[31]], replica.judged_logs) == ([2, 5], {31: 2})
    newest = replica.batch(region=31, kind=AUDIT, number=1)
    assert newest is not None
    assert newest.root == Tree([entry.leaf for entry in house.audit.read(31)]).root
