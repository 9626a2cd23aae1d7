"""Many writers at once on PostgreSQL: what was read in order to be written is still so when it is written."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import EcertError
from issuer import Change, change_many, due, issue, issue_many, once, renew, restore, revoke, suspend, update_mutable
from tests.unit.issuer.world import HOUSEHOLD, LIST_SIZE, NOW, USCC, World, request

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.system
WRITERS = 8


def at_once(act: Callable[[int], object], many: int = WRITERS) -> list[object]:
    """Do it many times at once; give answers, or the codes of what was refused."""

    def told(number: int) -> object:
        try:
            return act(number)
        except EcertError as fault:
            return fault.code

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(told, range(many)))


def test_one_certificate_is_revoked_once(room: World) -> None:
    name = issue(room.room, request(), now=NOW).licence_id
    told = at_once(lambda _: revoke(room.room, name, ground="lost", authority=USCC, now=NOW) and "revoked")
    assert Counter(told) == {"revoked": 1, "status.unchanged": WRITERS - 1}
    assert len(room.rows("issuer_change")) == 1


def test_the_same_request_at_once_is_done_once(room: World) -> None:
    same = once(room.room.vault, caller="x", key="k", region=32, request=b"r")
    told = at_once(lambda _: issue(room.room, request(), now=NOW, once=same).licence_id)
    assert len(set(told)) == 1
    assert len(room.rows("issuer_certificate")) == 1


def test_a_new_list_is_opened_once_by_many(room: World) -> None:
    many, writers = LIST_SIZE // 5, 4
    told = at_once(lambda _: len(issue_many(room.room, [request()] * many, now=NOW)), writers)
    assert told == [many] * writers
    lists = [(row.number, row.used) for row in room.rows("issuer_status_list")]
    assert sum(used for _, used in lists) == writers * many
    assert len(lists) > 1
    purposes = Counter(row.purpose for row in room.rows("ledger_transaction"))
    assert purposes["createList"] == len(lists)


def test_what_is_due_is_queued_once_by_many(room: World) -> None:
    issued = issue_many(room.room, [request() for _ in range(6)], now=NOW)
    later = [Change(each.licence_id, "suspend", "lost", NOW + 5) for each in issued]
    change_many(room.room, later, authority=USCC, now=NOW)
    assert sum(int(str(n)) for n in at_once(lambda _: due(room.room, NOW + 5), 4)) == len(issued)
    assert [row.state for row in room.rows("issuer_change")] == ["queued"] * len(issued)


def test_every_kind_of_writer_at_once_gets_an_answer_and_leaves_no_gap(room: World) -> None:
    names = [each.licence_id for each in issue_many(room.room, [request() for _ in range(3)], now=NOW)]
    acts: tuple[Callable[[str], object], ...] = (
        lambda name: suspend(room.room, name, ground="lost", authority=USCC, now=NOW),
        lambda name: restore(room.room, name, ground="lost", authority=USCC, now=NOW),
        lambda name: renew(room.room, name, request(HOUSEHOLD), now=NOW),
        lambda _: issue(room.room, request(), now=NOW),
        lambda name: update_mutable(room.room, name, {}, authority=USCC, now=NOW),
        lambda _: due(room.room, NOW),
    )
    told = at_once(lambda n: acts[n % len(acts)](names[n // len(acts) % len(names)]), len(acts) * 6)

    refused = {each for each in told if isinstance(each, str)}
    assert refused <= {"status.unchanged", "status.final", "renewal.renewed"}, refused
    positions = sorted(row.position for row in room.rows("ledger_audit"))
    assert positions == list(range(len(positions)))
    for account in {row.account for row in room.rows("ledger_transaction")}:
        nonces = sorted(row.nonce for row in room.rows("ledger_transaction") if row.account == account)
        assert nonces == list(range(len(nonces)))
