"""Issuing: what is stored, what is refused, and that there is nothing in between."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import pytest

from ecert.domain import certificate, jws
from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound
from ecert.domain.holders import Holder
from ecert.domain.ids import parse_licence_id
from ecert.domain.signer import key_id
from ecert.domain.strict import b64url_decode
from issuer import issue, issue_many, once, purge, read, retire_key, rotate_key
from tests.faults import fault_before, stored
from tests.unit.issuer.world import DAY, HOUSEHOLD, LI, LIST_SIZE, NOW, USCC, WANG, request

if TYPE_CHECKING:
    from issuer import Once
    from tests.unit.issuer.world import World


def test_a_certificate_is_signed_by_the_key_that_the_chain_knows(world: World) -> None:
    issued = issue(world.room, request(), now=NOW)

    parsed = certificate.parse(issued.text)
    record = world.state.key(region=32, owner=USCC, key_id=b64url_decode(parsed.token.kid))
    assert record is not None
    jws.verify(parsed.token, suite_name=record.suite, spki=record.spki)
    assert (str(parsed.licence), parsed.fingerprint) == (issued.licence_id, issued.fingerprint)
    assert parsed.elements == {"HZXM": "李示例", "ZZ": "示例路一号"}
    assert parsed.holders == (LI,)
    assert (parsed.iat, parsed.status) == (NOW, issued.status)
    assert parsed.status.uri == "https://ecert.example/status-lists/32-1"


def test_certificate_leaf_and_audit_record_are_stored_together(world: World) -> None:
    issued = issue(world.room, request(), now=NOW)

    assert world.counts() == {
        "issuer_certificate": 1,
        "issuer_holder": 1,
        "ledger_leaf": 1,
        "ledger_audit": 1,
        "issuer_idempotency": 0,
        "issuer_change": 0,
        "ledger_transaction": 1,  # the status list's opening
    }
    (record,) = world.room.audit.read(32)
    assert (record.kind, record.record["fingerprint"]) == ("issue", issued.fingerprint.hex())
    assert issued.licence_id.encode() not in record.body


@pytest.mark.parametrize("table", ["ledger_audit", "ledger_leaf", "issuer_holder", "issuer_status_list"])
def test_a_fault_between_the_writes_leaves_nothing(world: World, table: str) -> None:
    issue(world.room, request(), now=NOW)
    before = world.counts()
    event = "UPDATE" if table == "issuer_status_list" else "INSERT"
    with world.room.database.transaction() as connection:
        fault_before(connection, event, table)

    with pytest.raises(EcertError, match=r"issue\.contended|anchor\.known"):
        issue_many(world.room, [request(), request()], now=NOW, once=_once(world, "k", b"r"))

    assert world.counts() == before


def test_nothing_personal_stands_in_the_clear(world: World) -> None:
    issue(world.room, request(), now=NOW, once=_once(world, "k", b"320599198803070011"))
    everything = stored(world.room.database.engine)
    assert USCC.encode() in everything
    for personal in (LI.id, LI.name, "示例路一号"):
        assert personal.encode() not in everything


def test_a_batch_is_all_or_nothing(world: World) -> None:
    good, bad = request(), request(elements={"NOT": "there"})

    with pytest.raises(Malformed, match=r"element\.unknown"):
        issue_many(world.room, [good, bad], now=NOW)
    assert world.counts()["issuer_certificate"] == 0

    issued = issue_many(world.room, [good, replace(good, holders=(WANG,))], now=NOW)
    assert [certificate.parse(i.text).holders for i in issued] == [(LI,), (WANG,)]
    assert world.counts()["issuer_certificate"] == world.counts()["ledger_leaf"] == 2


def test_a_batch_has_its_bounds(world: World) -> None:
    for size in (0, 10_001):
        with pytest.raises(Malformed, match=r"issue\.batch"):
            issue_many(world.room, [request()] * size, now=NOW)


def test_indices_are_unique_and_no_list_is_more_than_half_full(world: World) -> None:
    issued = issue_many(world.room, [request()] * (LIST_SIZE + 3), now=NOW)

    assert len({i.status for i in issued}) == len(issued)
    lists = Counter(i.status.uri[-4:] for i in issued)
    assert lists == {"32-1": LIST_SIZE // 2, "32-2": LIST_SIZE // 2, "32-3": 3}
    assert [(r.number, r.size, r.used) for r in world.rows("issuer_status_list")] == [
        (number, LIST_SIZE, lists[f"32-{number}"]) for number in (1, 2, 3)
    ]
    assert [t.purpose for t in world.rows("ledger_transaction")] == ["createList"] * 3
    in_order = [i.status.index for i in issued[: LIST_SIZE // 2]]
    halves = sum(in_order[:256]), sum(in_order[256:])
    assert abs(halves[0] - halves[1]) < 256 * 300  # drawn, not sorted: sorted halves differ by 256 * 512


def test_writers_at_once_take_no_index_twice(world: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: issue_many(world.room, [request()] * 120, now=NOW), range(4)))

    assert len({issued.status for batch in batches for issued in batch}) == 480
    assert world.counts()["issuer_certificate"] == sum(r.used for r in world.rows("issuer_status_list")) == 480


REFUSED: list[tuple[dict[str, Any], type[EcertError], str]] = [
    ({"authority": "91350100M000100Y43"}, NotFound, "issuer.unknown"),
    ({"type_code": "000000000000000000099"}, NotAllowed, "issue.not_granted"),
    ({"type_code": "000000000000000000005"}, NotAllowed, "issue.not_granted"),
    ({"division": "320508"}, NotAllowed, "issue.division"),
    ({"division": "32"}, NotAllowed, "issue.division"),
    ({"holders": ()}, Malformed, "issue.holders"),
    ({"holders": (LI, LI)}, Malformed, "issue.holders"),
    ({"holders": (Holder("organisation", "USCC", USCC, "示例公司"),)}, Malformed, "issue.holder_kind"),
    ({"holders": (replace(LI, role="agent"),)}, Malformed, "issue.holder_kind"),
    ({"last_day": date(2025, 12, 31)}, Malformed, "validity.order"),
    ({"suite": "EdDSA"}, NotAllowed, "suite.verify_only"),
    ({"mutable": {"HZXM": "李示例"}}, Malformed, "element.not_mutable"),
]


@pytest.mark.parametrize(("change", "kind", "code"), REFUSED)
def test_what_does_not_fit_is_refused_by_name(
    world: World, change: dict[str, Any], kind: type[EcertError], code: str
) -> None:
    with pytest.raises(kind) as refused:
        issue(world.room, request(**change), now=NOW)

    assert refused.value.code == code
    assert world.counts()["issuer_certificate"] == world.counts()["ledger_leaf"] == 0


def test_an_authority_that_has_ended_issues_no_more(world: World) -> None:
    uscc, none = USCC.encode(), bytes(18)
    args = {"uscc": uscc, "dissolvedAt": NOW, "successor": none}
    issue(world.room, request(), now=NOW - 1)
    world.state.apply("AuthorityDissolved", args, time=NOW, block=2)

    with pytest.raises(NotAllowed, match=r"issuer\.not_in_force"):
        issue(world.room, request(), now=NOW)


def test_the_newest_key_signs_once_the_chain_knows_it(world: World) -> None:
    before = certificate.parse(issue(world.room, request(), now=NOW).text).token.kid
    call = rotate_key(world.room, USCC, suite="ES256", now=NOW)
    meanwhile = certificate.parse(issue(world.room, request(), now=NOW).text).token.kid
    world.tell((call,), time=NOW)
    after = certificate.parse(issue(world.room, request(), now=NOW).text).token.kid

    assert before == meanwhile != after
    assert b64url_decode(after) == key_id(cast("bytes", call.args[4]))


def test_without_a_key_that_stands_nothing_is_signed(world: World) -> None:
    kid = certificate.parse(issue(world.room, request(), now=NOW).text).token.kid
    retire_key(world.room, USCC, kid=kid, now=NOW)

    with pytest.raises(Conflict, match=r"issue\.no_key"):
        issue(world.room, request(), now=NOW)


def test_the_same_request_twice_is_done_once(world: World) -> None:
    first = issue_many(world.room, [request(), request()], now=NOW, once=_once(world, "k", b"r"))
    again = issue_many(world.room, [request(), request()], now=NOW + 5, once=_once(world, "k", b"r"))

    assert again == first
    assert world.counts()["issuer_certificate"] == 2
    with pytest.raises(Conflict, match=r"idempotency\.other_request"):
        issue(world.room, request(), now=NOW, once=_once(world, "k", b"another"))
    issue(world.room, request(), now=NOW, once=_once(world, "k", b"another", caller="other"))
    assert world.counts()["issuer_certificate"] == 3


def test_an_answer_is_kept_for_a_day(world: World) -> None:
    issue(world.room, request(), now=NOW, once=_once(world, "k", b"r"))

    assert purge(world.room, NOW + DAY) == 0
    assert purge(world.room, NOW + DAY + 1) == 1
    assert world.counts()["issuer_idempotency"] == 0


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "证"])
def test_a_key_is_visible_ascii(world: World, key: str) -> None:
    with pytest.raises(Malformed, match=r"idempotency\.key"):
        _once(world, key, b"")


def test_an_identifier_says_nothing_of_its_holder(world: World) -> None:
    one, two = (parse_licence_id(i.licence_id) for i in issue_many(world.room, [request()] * 2, now=NOW))

    assert one.serial != two.serial
    assert (one.type_code, one.issuer, one.version, len(one.serial)) == (HOUSEHOLD, USCC, 1, 16)
    assert LI.id not in str(one)


def test_only_the_issuing_authority_reads_it(world: World) -> None:
    issued = issue(world.room, request(), now=NOW)

    kept = read(world.room, issued.licence_id, authority=USCC)
    assert (kept.container.sd_jwt, kept.container.receipt) == (issued.text, None)
    with pytest.raises(NotFound, match=r"certificate\.unknown"):
        read(world.room, issued.licence_id, authority="91350100M000100Y43")


def _once(world: World, key: str, body: bytes, *, caller: str = "caller") -> Once:
    return once(world.room.vault, caller=caller, key=key, region=32, request=body)
