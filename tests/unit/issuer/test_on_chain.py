"""The room on a real chain of its own: what it issues is anchored, what it revokes is revoked for everybody."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from ecert.domain import certificate, jws, merkle
from ecert.domain.status import TYP, Status, list_id, parse_status_list_claims
from ecert.domain.strict import b64url_decode
from ecert.domain.suites import suite
from issuer import (
    Change,
    change_many,
    due,
    establish,
    held,
    issue,
    issue_many,
    read,
    renew,
    reopen_lists,
    status_list_token,
)
from ledger import acts
from ledger.directory import ACCOUNT_ROLES, look_up
from ledger.drivers import calls
from ledger.following import Follower
from ledger.founding import Founding
from ledger.judging import Judging
from ledger.port import Head
from ledger.replica import CERTIFICATES, Replica, ReplicaWriter, open_replica
from tests.conformance.ledgers import hurried_clock, open_hurried
from tests.unit.issuer.world import HOUSEHOLD, LI, USCC, build, office, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer import Issued, Issuer
    from issuer.grounds import Action

SUITES = tuple(name for name in ("ES256", "SM2-SM3") if suite(name).available)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A room, its replica, and how to wait until everything queued is final and followed."""

    room: Issuer
    replica: Replica
    follower: Follower

    def settle(self) -> None:
        deadline = time.monotonic() + 60
        while self._round() or not self.room.anchoring.is_idle():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)
        self.follower.step()
        self.replica.refresh()

    def status(self, issued: Issued, *, at: int | None = None) -> Status | None:
        region, number = list_id(issued.status.uri)
        return self.replica.status(region=region, number=number, index=issued.status.index, at=at)

    def _round(self) -> int:
        due(self.room, now())
        self.room.anchoring.close_batches(now())
        return self.room.sending.push()


def now() -> int:
    return int(hurried_clock())


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with _deployed(tmp_path_factory.mktemp("deployment")) as made:
        yield made


@contextmanager
def _deployed(folder: Path) -> Iterator[Deployment]:
    ledger = open_hurried(folder / "chain.sqlite")
    room = build(folder, ledger).room
    directory = Founding(room.sending, {31: "上海", 32: "江苏"}, lambda: _push(room), now).found()
    identity = ledger.identity()
    writer = ReplicaWriter(
        folder, chain=identity, consortium=directory.consortium, genesis=Head(0, identity.genesis, 0)
    )
    replica = open_replica(folder)
    room = replace(
        room,
        directory=directory,
        anchoring=replace(room.anchoring, directory=directory, chain_id=identity.chain_id, seconds=0),
        trust=lambda: replica.trust,
    )
    made = Deployment(room, replica, Follower(ledger, writer, directory.consortium, Judging(writer, room.audit)))
    wanted = replace(office(), suites=SUITES)
    for call in establish(room, wanted, now=now()):
        with room.database.transaction() as connection:
            room.sending.queue(connection, call, account="32-admin", now=now())
    made.settle()
    assert establish(room, wanted, now=now()) == ()
    yield made
    writer.close()
    ledger.close()
    room.database.close()


@pytest.mark.parametrize("name", SUITES)
def test_what_is_issued_is_anchored_under_a_key_that_the_chain_knows(deployment: Deployment, name: str) -> None:
    issued = issue(deployment.room, request(suite=name), now=now())
    deployment.settle()

    receipt = read(deployment.room, issued.licence_id, authority=USCC).container.receipt
    assert receipt is not None
    batch = deployment.replica.batch(region=32, kind=CERTIFICATES, number=receipt.batch)
    assert batch is not None
    merkle.verify_inclusion(
        fingerprint=issued.fingerprint, index=receipt.index, size=receipt.size, path=receipt.path, root=batch.root
    )
    token = certificate.parse(issued.text).token
    record = deployment.replica.trust.key(region=32, owner=USCC, key_id=b64url_decode(token.kid))
    assert record is not None
    assert record.suite == name
    jws.verify(token, suite_name=record.suite, spki=record.spki)
    shown = held(deployment.room, region=32, holder=LI.ref, types=[HOUSEHOLD])
    assert receipt in [one.receipt for one in shown]


def test_every_change_reaches_the_chain_in_order(deployment: Deployment) -> None:
    batch = issue_many(deployment.room, [request()] * 4, now=now())
    revoked, suspended, renewed, untouched = batch
    begun = now()
    _change(deployment, revoked, "revoke")
    _change(deployment, suspended, "suspend")
    _change(deployment, suspended, "restore")
    _change(deployment, suspended, "suspend")
    successor = renew(deployment.room, renewed.licence_id, request(), now=now())
    deployment.settle()

    found = [deployment.status(one) for one in (*batch, successor)]
    assert found == [Status.INVALID, Status.SUSPENDED, Status.SUPERSEDED, Status.VALID, Status.VALID]
    assert deployment.status(revoked, at=begun - 1) == Status.VALID
    assert deployment.status(untouched, at=begun) == Status.VALID
    due(deployment.room, now())
    assert {c.state for one in batch for c in read(deployment.room, one.licence_id, authority=USCC).changes} == {
        "final"
    }


def test_a_change_that_waits_is_on_chain_once_it_is_due_and_from_its_own_time(deployment: Deployment) -> None:
    issued = issue(deployment.room, request(), now=now())
    deployment.settle()
    later = now() + 100
    change = Change(issued.licence_id, "revoke", "lost", later)
    (changed,) = change_many(deployment.room, [change], authority=USCC, now=later - 100)
    before = due(deployment.room, later - 1), deployment.status(issued)
    while now() < later:
        time.sleep(0.01)
    deployment.settle()

    assert (changed.waits, before) == (True, (0, Status.VALID))
    assert deployment.status(issued) == deployment.status(issued, at=later) == Status.INVALID
    assert deployment.status(issued, at=later - 1) == Status.VALID


def test_a_change_that_the_chain_s_clock_is_behind_is_sent_again(deployment: Deployment) -> None:
    issued = issue(deployment.room, request(), now=now())
    deployment.settle()
    ahead = now() + 100
    change = Change(issued.licence_id, "revoke", "lost")
    change_many(deployment.room, [change], authority=USCC, now=ahead)
    _push(deployment.room)
    while now() < ahead:
        time.sleep(0.01)
    deployment.settle()
    deployment.settle()

    assert deployment.status(issued) == Status.INVALID
    due(deployment.room, now())
    assert [c.state for c in read(deployment.room, issued.licence_id, authority=USCC).changes] == ["final"]


@pytest.mark.parametrize(
    ("early", "late", "suspended", "status"),
    [
        ("suspend", "restore", 1, Status.VALID),
        ("restore", "suspend", 0, Status.SUSPENDED),
        ("suspend", "revoke", None, Status.INVALID),
    ],
)
def test_a_change_that_came_too_early_is_not_sent_again_behind_a_later_one(
    deployment: Deployment, early: Action, late: Action, suspended: int | None, status: Status
) -> None:
    both = issue_many(deployment.room, [request()] * 2, now=now())
    if suspended is not None:
        _change(deployment, both[suspended], "suspend")
    deployment.settle()
    ahead = now() + 100
    change_many(deployment.room, [Change(both[0].licence_id, early, "lost")], authority=USCC, now=ahead)
    _push(deployment.room)
    # One transaction carries the later change of both; where the chain refuses it for the first, the second waits too.
    change_many(deployment.room, [Change(each.licence_id, late, "lost") for each in both], authority=USCC, now=now())
    _push(deployment.room)
    while now() < ahead:
        time.sleep(0.01)
    for _ in range(3):
        deployment.settle()

    told = [read(deployment.room, each.licence_id, authority=USCC) for each in both]
    assert [deployment.status(each) for each in both] == [each.status for each in told] == [status, status]
    assert [change.state for change in told[0].changes[-2:]] == ["overtaken", "final"]
    assert told[1].changes[-1].state == "final"


def test_a_change_that_the_chain_refuses_is_told_to_the_authority(deployment: Deployment) -> None:
    issued = issue(deployment.room, request(), now=now())
    region, number = list_id(issued.status.uri)
    index = [issued.status.index]
    call = acts.set_status(
        deployment.room.directory, region=region, number=number, indices=index, status=1, effective_at=now()
    )
    with deployment.room.database.transaction() as connection:
        deployment.room.sending.queue(connection, call, account="32-status", now=now())
    _change(deployment, issued, "suspend")
    deployment.settle()
    due(deployment.room, now())

    assert [c.state for c in read(deployment.room, issued.licence_id, authority=USCC).changes] == ["refused"]


def test_a_served_list_is_the_chain_s_bit_for_bit(deployment: Deployment) -> None:
    issued = issue(deployment.room, request(), now=now())
    _change(deployment, issued, "revoke")
    deployment.settle()
    token = status_list_token(deployment.room, deployment.replica, region=32, number=1, now=now())

    claims = parse_status_list_claims(jws.parse(token, typ=TYP, limit=100_000).claims)
    assert claims.bitmap == deployment.replica.bitmap(region=32, number=1)
    assert claims.uri == issued.status.uri
    assert claims.bitmap[issued.status.index >> 2] >> 2 * (issued.status.index & 3) & 3 == Status.INVALID


def test_a_succeeding_registry_gets_its_lists_and_takes_changes_of_what_was_issued_before(tmp_path: Path) -> None:
    with _deployed(tmp_path) as before:
        kept, ended = issue_many(before.room, [request()] * 2, now=now())
        _change(before, ended, "revoke")
        before.settle()
        after = _succeeded(before)
        assert reopen_lists(after.room, now()) == 1
        assert reopen_lists(after.room, now()) == 0  # the first is under way
        after.settle()
        assert reopen_lists(after.room, now()) == 0
        _change(after, kept, "suspend")
        after.settle()
        assert [after.status(kept), after.status(ended)] == [Status.SUSPENDED, Status.INVALID]


def _succeeded(deployment: Deployment) -> Deployment:
    """Let a new StatusRegistry succeed, as after the restart that lets a deployment see it."""
    room, ledger = deployment.room, deployment.room.sending.ledger
    admin = room.sending.account("31-admin").address
    address = calls.created_address(admin, room.sending.nonce_for(admin))
    with room.database.transaction() as connection:
        consortium = (room.directory.consortium,)
        room.sending.queue_deployment(connection, "StatusRegistry", consortium, account="31-admin", now=now())
    action = ledger.encode(room.directory.call("Consortium", "appointContract", ACCOUNT_ROLES["status"], address))
    _push(room)
    (made,) = ledger.ask(room.directory.call("Consortium", "proposalCount"))
    number = int(str(made)) + 1
    for account, function, *args in (
        ("31-admin", "propose", action, now() + 9_999),
        ("31-admin", "vote", number),
        ("32-admin", "vote", number),
        ("31-admin", "execute", number),
    ):
        with room.database.transaction() as connection:
            call = room.directory.call("Consortium", str(function), *args)
            room.sending.queue(connection, call, account=str(account), now=now())
        _push(room)
    directory = look_up(ledger, room.directory.consortium)
    assert directory.status == address
    anchoring = replace(room.anchoring, directory=directory)
    return replace(deployment, room=replace(room, directory=directory, anchoring=anchoring))


def _change(deployment: Deployment, issued: Issued, action: Action) -> None:
    change = Change(issued.licence_id, action, "lost")
    change_many(deployment.room, [change], authority=USCC, now=now())


def _push(room: Issuer) -> None:
    while room.sending.push():
        time.sleep(0.005)
