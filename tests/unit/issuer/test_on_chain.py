"""The room on a real chain of its own: what it issues is anchored, what it revokes is revoked for everybody."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ecert.domain import certificate, jws, merkle
from ecert.domain.status import TYP, Status, list_id, parse_status_list_claims
from ecert.domain.strict import b64url_decode
from issuer import (
    Change,
    change_many,
    due,
    held,
    issue,
    issue_many,
    read,
    renew,
    status_list_token,
)
from ledger import acts
from ledger.replica import CERTIFICATES
from tests.unit.issuer.deployed import SUITES, Deployment, change, deployed, now, push
from tests.unit.issuer.world import HOUSEHOLD, LI, USCC, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.grounds import Action


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("deployment")) as made:
        yield made


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
    change(deployment, revoked, "revoke")
    change(deployment, suspended, "suspend")
    change(deployment, suspended, "restore")
    change(deployment, suspended, "suspend")
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
    push(deployment.room)
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
        change(deployment, both[suspended], "suspend")
    deployment.settle()
    ahead = now() + 100
    change_many(deployment.room, [Change(both[0].licence_id, early, "lost")], authority=USCC, now=ahead)
    push(deployment.room)
    # One transaction carries the later change of both; where the chain refuses it for the first, the second waits too.
    change_many(deployment.room, [Change(each.licence_id, late, "lost") for each in both], authority=USCC, now=now())
    push(deployment.room)
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
    change(deployment, issued, "suspend")
    deployment.settle()
    due(deployment.room, now())

    assert [c.state for c in read(deployment.room, issued.licence_id, authority=USCC).changes] == ["refused"]


def test_a_served_list_is_the_chain_s_bit_for_bit(deployment: Deployment) -> None:
    issued = issue(deployment.room, request(), now=now())
    change(deployment, issued, "revoke")
    deployment.settle()
    token = status_list_token(deployment.room, deployment.replica, region=32, number=1, now=now())

    claims = parse_status_list_claims(jws.parse(token, typ=TYP, limit=100_000).claims)
    assert claims.bitmap == deployment.replica.bitmap(region=32, number=1)
    assert claims.uri == issued.status.uri
    assert claims.bitmap[issued.status.index >> 2] >> 2 * (issued.status.index & 3) & 3 == Status.INVALID
