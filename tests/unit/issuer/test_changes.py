"""Status changes: durable in one write, only moves that the chain allows, on grounds that allow them, and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_abi import decode
from sqlalchemy import text

from ecert.domain.errors import Conflict, EcertError, Malformed, NotFound
from ecert.domain.reasons import explain
from ecert.domain.status import Status
from issuer import Change, change_many, due, held, issue, issue_many, once, read, restore, revoke, suspend
from issuer.grounds import GROUNDS, code_of
from ledger.drivers.evm import parse_transaction
from tests.faults import fault_before
from tests.unit.issuer.world import DAY, HOUSEHOLD, LI, NOW, OTHER, USCC, request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from issuer import Changed
    from issuer.grounds import Action
    from tests.unit.issuer.world import World

VALID, INVALID, SUSPENDED, SUPERSEDED = Status
NBF = 1_767_196_800  # 2026-01-01 00:00 in UTC+8


def test_a_revocation_is_stored_queued_and_recorded_at_once(world: World) -> None:
    issued = issue(world.room, request(), now=NOW)
    changed = revoke(world.room, issued.licence_id, ground="lost", authority=USCC, now=NOW + 1)

    assert (changed.status, changed.effective_at, changed.waits) == (INVALID, NOW + 1, False)
    assert _statuses(world) == [INVALID]
    assert _queued(world) == [_call(1, [issued.status.index], INVALID, NOW + 1)]
    (change,) = world.rows("issuer_change")
    assert (change.old, change.new, change.reason, change.state) == (VALID, INVALID, "lost", "queued")
    assert change.transaction is not None
    assert [record.kind for record in world.room.audit.read(32)] == ["issue", "status"]


def test_the_ground_is_told_to_who_redeems_and_not_to_the_chain(world: World) -> None:
    issued = issue(world.room, request(), now=NOW)
    revoke(world.room, issued.licence_id, ground="death", authority=USCC, now=NOW)

    (shown,) = held(world.room, region=32, holder=LI.ref, types=[HOUSEHOLD])
    assert (shown.status, shown.status_reason) == (INVALID, "ground.death")
    assert all(b"death" not in row.raw for row in world.rows("ledger_transaction"))


def test_every_ground_has_its_sentence() -> None:
    assert [explain(code_of(ground)).en for ground in GROUNDS if ground]


def test_many_in_one_list_are_one_transaction_with_rising_indices(world: World) -> None:
    issued = issue_many(world.room, [request()] * 600, now=NOW)
    _change_all(world, [i.licence_id for i in issued], "suspend", "court_order")

    by_list = {
        number: sorted(i.status.index for i in issued if i.status.uri.endswith(f"-{number}")) for number in (1, 2)
    }
    assert _queued(world) == [_call(n, by_list[n], SUSPENDED, NOW) for n in (1, 2)]
    assert set(_statuses(world)) == {SUSPENDED}


def test_a_suspension_is_lifted_and_a_revocation_is_not(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    suspend(world.room, name, ground="lost", authority=USCC, now=NOW)
    restore(world.room, name, ground="lost", authority=USCC, now=NOW + 1)
    revoke(world.room, name, ground="lost", authority=USCC, now=NOW + 2)

    with pytest.raises(Conflict, match=r"status\.final"):
        restore(world.room, name, ground="lost", authority=USCC, now=NOW + 3)
    assert [(c.old, c.new) for c in world.rows("issuer_change")] == [
        (VALID, SUSPENDED),
        (SUSPENDED, VALID),
        (VALID, INVALID),
    ]


FORBIDDEN = [
    (VALID, "restore", "status.unchanged"),
    (SUSPENDED, "suspend", "status.unchanged"),
    (INVALID, "revoke", "status.unchanged"),
    (INVALID, "suspend", "status.final"),
    (INVALID, "restore", "status.final"),
    (SUPERSEDED, "revoke", "status.final"),
    (SUPERSEDED, "suspend", "status.final"),
    (SUPERSEDED, "restore", "status.final"),
]


@pytest.mark.parametrize(("status", "action", "code"), FORBIDDEN)
def test_a_forbidden_move_changes_nothing(world: World, status: Status, action: Action, code: str) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    with world.room.database.transaction() as connection:
        connection.execute(text("UPDATE issuer_certificate SET status = :status"), {"status": int(status)})
    before = world.counts()

    with pytest.raises(Conflict, match=code.replace(".", r"\.")):
        _change_all(world, [name], action, "authority_decision")
    assert (_statuses(world), world.counts()) == ([status], before)


def test_one_that_cannot_change_keeps_the_others_from_changing(world: World) -> None:
    one, two = (i.licence_id for i in issue_many(world.room, [request()] * 2, now=NOW))
    revoke(world.room, two, ground="error", authority=USCC, now=NOW)
    before = world.counts()

    with pytest.raises(Conflict, match=r"status\.final"):
        _change_all(world, [one, two], "suspend", "lost")
    assert (world.counts(), sorted(_statuses(world))) == (before, [VALID, INVALID])


def test_a_fault_while_queueing_leaves_nothing(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    before = world.counts()
    with world.room.database.transaction() as connection:
        fault_before(connection, "INSERT", "ledger_transaction")

    with pytest.raises(EcertError, match=r"change\.contended"):
        revoke(world.room, name, ground="lost", authority=USCC, now=NOW)
    assert (world.counts(), _statuses(world)) == (before, [VALID])


def test_a_later_change_waits_for_its_day(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    (changed,) = _change_all(world, [name], "revoke", "cancelled", effective_at=NOW + DAY)

    assert changed.waits
    assert (due(world.room, NOW + DAY - 1), _statuses(world), _queued(world)) == (0, [VALID], [])
    assert due(world.room, NOW + DAY) == 1
    assert due(world.room, NOW + DAY) == 0
    assert _statuses(world) == [INVALID]
    assert [call[4] for call in _queued(world)] == [NOW + DAY]
    assert [change.state for change in read(world.room, name, authority=USCC).changes] == ["queued"]


def test_a_waiting_change_that_was_overtaken_is_marked_and_not_sent(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    _change_all(world, [name], "suspend", "lost", effective_at=NOW + 5)
    revoke(world.room, name, ground="lost", authority=USCC, now=NOW + 1)

    assert due(world.room, NOW + 5) == 0
    assert [change.state for change in read(world.room, name, authority=USCC).changes] == ["overtaken", "queued"]
    assert (len(_queued(world)), _statuses(world)) == (1, [INVALID])


def test_several_waiting_changes_of_one_certificate_keep_their_order(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    _change_all(world, [name], "suspend", "lost", effective_at=NOW + 9)
    _change_all(world, [name], "revoke", "lost", effective_at=NOW + 9)

    assert due(world.room, NOW + 20) == 2
    assert [call[3] for call in _queued(world)] == [SUSPENDED, INVALID]


def test_a_change_may_reach_back_to_the_beginning_and_no_further(world: World) -> None:
    one, two = (i.licence_id for i in issue_many(world.room, [request()] * 2, now=NOW))
    (changed,) = _change_all(world, [one], "revoke", "error", effective_at=NBF)

    assert changed.effective_at == NBF
    with pytest.raises(Malformed, match=r"change\.too_early"):
        _change_all(world, [two], "revoke", "error", effective_at=NBF - 1)


@pytest.mark.parametrize(
    ("action", "ground"), [("restore", "death"), ("revoke", "replaced"), ("suspend", "cancelled"), ("revoke", "whim")]
)
def test_a_ground_must_allow_the_change(world: World, action: Action, ground: str) -> None:
    name = issue(world.room, request(), now=NOW).licence_id

    with pytest.raises(Malformed, match=r"change\.ground"):
        _change_all(world, [name], action, ground)


def test_another_authority_s_certificate_is_unknown(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id

    with pytest.raises(NotFound, match=r"certificate\.unknown"):
        revoke(world.room, name, ground="lost", authority=OTHER, now=NOW)
    assert _statuses(world) == [VALID]


def test_the_same_change_twice_is_made_once(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    wanted = once(world.room.vault, caller="c", key="k", region=32, request=b"revoke")
    change = [Change(name, "revoke", "lost")]

    first = change_many(world.room, change, authority=USCC, now=NOW, once=wanted)
    assert change_many(world.room, change, authority=USCC, now=NOW + 9, once=wanted) == first
    assert len(world.rows("issuer_change")) == 1


def test_a_batch_of_changes_has_its_bounds_and_no_certificate_twice(world: World) -> None:
    name = issue(world.room, request(), now=NOW).licence_id

    for wanted, code in (([], "change.batch"), ([name] * 2, "change.repeated")):
        with pytest.raises(Malformed) as refused:
            _change_all(world, wanted, "revoke", "lost")
        assert refused.value.code == code
    with pytest.raises(Malformed, match=r"change\.too_late"):
        _change_all(world, [name], "revoke", "lost", effective_at=2**40)


def _change_all(
    world: World, names: Sequence[str], action: Action, ground: str, *, effective_at: int | None = None
) -> tuple[Changed, ...]:
    wanted = [Change(name, action, ground, effective_at) for name in names]
    return change_many(world.room, wanted, authority=USCC, now=NOW)


def _statuses(world: World) -> list[Status]:
    return [Status(row.status) for row in world.rows("issuer_certificate")]


def _call(number: int, indices: list[int], status: Status, at: int) -> tuple[object, ...]:
    return (32, number, tuple(sorted(indices)), status, at)


def _queued(world: World) -> list[tuple[object, ...]]:
    """Return the arguments of the setStatus calls that were queued, told from their signed bytes."""
    types = ("uint32", "uint64", "uint32[]", "uint8", "uint64")
    raws = [row.raw for row in world.rows("ledger_transaction") if row.purpose == "setStatus"]
    return [decode(types, parse_transaction(raw).data[4:]) for raw in raws]
