"""A StatusRegistry that succeeds another gets its lists with what stood in them, once, and changes go on behind."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ecert.domain.status import Status
from issuer import due, issue, issue_many, read, renew, reopen_lists
from ledger import acts
from ledger.directory import ACCOUNT_ROLES, look_up
from ledger.drivers import calls
from tests.unit.issuer.deployed import Deployment, change, deployed, now, push
from tests.unit.issuer.world import USCC, request

if TYPE_CHECKING:
    from pathlib import Path

    from issuer import Issuer
    from ledger.port import Account


def test_a_succeeding_registry_gets_its_lists_with_what_stood_in_them(tmp_path: Path) -> None:
    with deployed(tmp_path) as before:
        batch = issue_many(before.room, [request()] * 5, now=now())
        kept, ended, suspended, lifted, renewed = batch
        change(before, ended, "revoke")
        for each in (suspended, lifted):
            change(before, each, "suspend")
        renew(before.room, renewed.licence_id, request(), now=now())
        before.settle()
        counted = before.replica.counted(region=32, number=1)
        after = _succeeded(before)
        assert reopen_lists(after.room, now()) == 0  # the replica has not followed the succession
        after.settle()
        assert reopen_lists(after.room, now()) == 1
        assert reopen_lists(after.room, now()) == 0  # the first is under way
        change(after, lifted, "restore")  # behind all that was carried over, though nothing of it is final
        after.settle()
        assert reopen_lists(after.room, now()) == 0
        change(after, kept, "suspend")
        change(after, late := issue(after.room, request(), now=now()), "revoke")
        after.settle()
        due(after.room, now())
        changes = after.replica.changes(region=32, number=1, after=counted or 0)

        expected = [Status.SUSPENDED, Status.INVALID, Status.SUSPENDED, Status.VALID, Status.SUPERSEDED, Status.INVALID]
        everyone = (*batch, late)
        told = [read(after.room, each.licence_id, authority=USCC) for each in everyone]
        assert [after.status(each) for each in everyone] == expected
        assert [after.chained(each) for each in everyone] == expected
        assert [each.status for each in told] == expected
        assert {made.state for each in told for made in each.changes} == {"final"}
        # What was carried over is no change to anybody who follows.
        assert [(each.status, len(each.indices)) for each in changes if each.indices] == [(0, 1), (2, 1), (1, 1)]


def test_a_change_that_meets_a_succession_waits_until_its_list_is_open_again(tmp_path: Path) -> None:
    with deployed(tmp_path) as before:
        early, late, suspended = issue_many(before.room, [request()] * 3, now=now())
        change(before, suspended, "suspend")
        before.settle()
        after = _succeeded(before)
        change(before, early, "revoke")  # a deployment that was not restarted
        change(before, suspended, "restore")
        before.settle()
        before.settle()
        change(after, late, "revoke")
        after.settle()
        after.settle()
        told = [read(after.room, each.licence_id, authority=USCC) for each in (early, late, suspended)]
        assert [each.changes[-1].state for each in told] == ["queued"] * 3
        assert not _under_way(after.room)  # nothing is sent in vain

        assert reopen_lists(after.room, now()) == 1
        after.settle()
        after.settle()
        due(after.room, now())
        told = [read(after.room, each.licence_id, authority=USCC) for each in (early, late, suspended)]
        assert [each.changes[-1].state for each in told] == ["final"] * 3
        for each, status in ((early, Status.INVALID), (late, Status.INVALID), (suspended, Status.VALID)):
            assert after.status(each) == after.chained(each) == status


@pytest.mark.parametrize("kills", [1, 2, 3])
def test_a_reopening_that_is_killed_is_whole_or_nothing_and_done_once(tmp_path: Path, kills: int) -> None:
    with deployed(tmp_path) as before:
        ended, suspended = issue_many(before.room, [request()] * 2, now=now())
        change(before, ended, "revoke")
        change(before, suspended, "suspend")
        before.settle()
        after = _succeeded(before)
        after.settle()
        with pytest.raises(OSError, match="killed"):
            reopen_lists(_killed(after.room, after=kills), now())
        assert not _under_way(after.room)
        assert reopen_lists(after.room, now()) == 1
        assert reopen_lists(after.room, now()) == 0  # killed behind it: another process finds it under way
        assert _under_way(after.room) == ["createList", "setStatus", "setStatus"]
        after.settle()
        assert reopen_lists(after.room, now()) == 0
        assert not _under_way(after.room)
        assert [after.chained(each) for each in (ended, suspended)] == [Status.INVALID, Status.SUSPENDED]


def test_what_is_too_much_for_one_transaction_is_carried_over_by_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "MOST_INDICES", 2)
    with deployed(tmp_path) as before:
        batch = issue_many(before.room, [request()] * 5, now=now())
        for each in batch:
            change(before, each, "suspend")
        before.settle()
        after = _succeeded(before)
        after.settle()
        assert reopen_lists(after.room, now()) == 1
        assert _under_way(after.room) == ["createList", *["setStatus"] * 3]
        after.settle()
        assert {after.chained(each) for each in batch} == {Status.SUSPENDED}


def test_a_change_is_not_final_where_the_chain_lacks_what_everybody_follows(tmp_path: Path) -> None:
    with deployed(tmp_path) as before:
        (suspended,) = issue_many(before.room, [request()], now=now())
        change(before, suspended, "suspend")
        before.settle()
        after = _succeeded(before)
        after.settle()
        bare = acts.create_status_list(after.room.directory, region=32, number=1, size=after.room.list_size)
        with after.room.database.transaction() as connection:
            after.room.sending.queue(connection, bare, account="32-status", now=now())  # with nothing in it
        change(after, suspended, "restore")
        after.settle()
        after.settle()
        told = read(after.room, suspended.licence_id, authority=USCC)
        assert (after.chained(suspended), after.status(suspended)) == (Status.VALID, Status.SUSPENDED)
        assert [made.state for made in told.changes] == ["final", "refused"]
        change(after, suspended, "suspend")
        change(after, suspended, "restore")
        after.settle()
        assert after.status(suspended) == Status.VALID


def _succeeded(deployment: Deployment) -> Deployment:
    """Let a new StatusRegistry succeed, as after the restart that lets a deployment see it."""
    room, ledger = deployment.room, deployment.room.sending.ledger
    admin = room.sending.account("31-admin").address
    address = calls.created_address(admin, room.sending.nonce_for(admin))
    with room.database.transaction() as connection:
        consortium = (room.directory.consortium,)
        room.sending.queue_deployment(connection, "StatusRegistry", consortium, account="31-admin", now=now())
    action = ledger.encode(room.directory.call("Consortium", "appointContract", ACCOUNT_ROLES["status"], address))
    push(room)
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
        push(room)
    directory = look_up(ledger, room.directory.consortium)
    assert directory.status == address
    anchoring = replace(room.anchoring, directory=directory)
    return replace(deployment, room=replace(room, directory=directory, anchoring=anchoring))


def _killed(room: Issuer, *, after: int) -> Issuer:
    """Let the process die before the `after`-th signature of what it queues, once it holds the account."""
    opened = count(-1)

    def dying(name: str) -> Account:
        if next(opened) == after:
            raise OSError("killed")
        return room.sending.account(name)

    return replace(room, sending=replace(room.sending, account=dying))


def _under_way(room: Issuer) -> list[str]:
    with room.database.reading() as connection:
        rows = connection.execute(text("SELECT purpose FROM ledger_transaction WHERE block IS NULL ORDER BY nonce"))
        return list(rows.scalars())
