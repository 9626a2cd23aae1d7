"""One answer for each code: signed, minimal, recorded; and each refusal says which it is."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy import text as sql

from ecert.domain import certificate, jws
from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.holders import HolderRef
from ecert.domain.redeem import MOST_CERTIFICATES, RedeemClaims, parse_response
from ecert.domain.use import use_hash
from tests.faults import stored
from tests.unit.wallet_codes.town import (
    BIRTH,
    CARD,
    DRIVING,
    ESTATE,
    FIRM,
    LI,
    LICENCE,
    NOW,
    SECRETS,
    USE,
    WANG,
    Town,
    asking,
    code_signer,
    held,
)
from wallet_codes.codecs import CODECS
from wallet_codes.codes import digest
from wallet_codes.mint import MintedCode, MintRequest, mint
from wallet_codes.purging import CODES_KEPT, purge
from wallet_codes.redeem import redeem

ONLINE = MintRequest(region=32, holder=LI)


def minted(town: Town, **changed: object) -> MintedCode:
    return mint(town.home, replace(ONLINE, **changed), now=NOW)


def claims_of(response: str) -> RedeemClaims:
    return parse_response(response).claims


def refusal(town: Town, text: str, *, now: int = NOW, **changed: object) -> str:
    with pytest.raises(EcertError) as error:
        redeem(town.home, asking(text, **changed), now=now)
    return error.value.code


def count(town: Town, table: str) -> int:
    with town.home.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(sql(table))).scalar_one())


def test_the_answer_is_signed_and_names_code_requester_and_use(town: Town) -> None:
    code = minted(town)
    response = parse_response(redeem(town.home, asking(code.text), now=NOW))
    jws.verify(response.token, suite_name="ES256", spki=code_signer(32).spki)
    claims = response.claims
    assert (claims.region, claims.iat, claims.kind) == (32, NOW, "online")
    assert (claims.code, claims.use) == (digest(code.text), use_hash(USE))
    assert (claims.audience, claims.item, claims.holder_match) == (USE.organisation, "EC-0001", True)
    assert claims.missing == ()


def test_only_what_the_item_needs_is_shown_and_no_holder(town: Town) -> None:
    claims = claims_of(redeem(town.home, asking(minted(town).text), now=NOW))
    shown = {read.type_code: read for read in (certificate.parse(each.sd_jwt) for each in claims.certificates)}
    assert set(shown) == {CARD, ESTATE}
    assert set(shown[CARD].elements) == {"XM", "GMSFHM", "YXQJZRQ"}
    assert shown[CARD].holders == shown[ESTATE].holders == ()
    assert shown[ESTATE].elements["QLR"] == [{"XM": "李示例"}]
    assert "示例路88号" not in str(shown[CARD].elements)


@pytest.mark.parametrize(("holder", "match"), [(LI, True), (WANG, False), (None, None)])
def test_holder_match_says_whether_and_never_who(town: Town, holder: HolderRef | None, match: object) -> None:
    claims = claims_of(redeem(town.home, asking(minted(town).text, holder=holder), now=NOW))
    assert claims.holder_match is match


def test_whoever_is_not_the_holder_sees_no_element_and_uses_the_code_up(town: Town) -> None:
    code = minted(town)
    claims = claims_of(redeem(town.home, asking(code.text, holder=WANG), now=NOW))
    assert [dict(certificate.parse(each.sd_jwt).elements) for each in claims.certificates] == [{}, {}]
    assert refusal(town, code.text, idempotency_key="again") == "code.used"


def test_a_typed_code_is_the_same_code(town: Town) -> None:
    code = minted(town, typed=True)
    claims = claims_of(redeem(town.home, asking(str(code.typed)), now=NOW))
    assert (claims.kind, claims.code) == ("typed", digest(str(code.typed)))
    assert refusal(town, code.text) == "code.used"


def test_used_beats_expired(town: Town) -> None:
    used, unused = minted(town), minted(town)
    redeem(town.home, asking(used.text), now=NOW + 59)
    assert refusal(town, used.text, now=NOW + 61, idempotency_key="other") == "code.used"
    assert refusal(town, unused.text, now=NOW + 60) == "code.expired"


def test_refusals_have_their_own_kinds(town: Town) -> None:
    used, late = minted(town), minted(town)
    redeem(town.home, asking(used.text), now=NOW)
    other = CODECS["sufuma"].encode(bytes(16), minted_at_ms=0)
    for text, now, kind in ((other, NOW, NotFound), (used.text, NOW, Conflict), (late.text, NOW + 60, NotAllowed)):
        with pytest.raises(kind):
            redeem(town.home, asking(text, idempotency_key="k"), now=now)


def test_an_unknown_item_is_refused_and_the_code_stays_unused(town: Town) -> None:
    code = minted(town)
    with pytest.raises(NotAllowed, match=r"item\.unknown"):
        redeem(town.home, asking(code.text, use=replace(USE, item_code="EC-9999")), now=NOW)
    assert claims_of(redeem(town.home, asking(code.text), now=NOW)).holder_match


def test_a_code_for_one_purpose_serves_no_other(town: Town) -> None:
    code = minted(town, item="EC-0003")
    assert refusal(town, code.text) == "code.other_item"
    assert claims_of(redeem(town.home, asking(code.text, use=replace(USE, item_code="EC-0003")), now=NOW))


def test_an_offline_code_is_not_redeemed(town: Town) -> None:
    code = mint(town.home, replace(ONLINE, kind="offline", item="EC-0101"), now=NOW)
    assert refusal(town, code.text) == "code.offline"


def test_another_homes_code_is_not_resolved_here(town: Town) -> None:
    code = minted(town)
    elsewhere = replace(town.home, regions=frozenset({31}))
    with pytest.raises(NotFound, match=r"code\.elsewhere"):
        redeem(elsewhere, asking(code.text), now=NOW)


@pytest.mark.parametrize("changed", [{"idempotency_key": ""}, {"idempotency_key": "x" * 201}, {"requester": "a\nb"}])
def test_requester_and_key_are_bounded(town: Town, changed: dict[str, str]) -> None:
    with pytest.raises(Malformed, match=r"redeem\."):
        redeem(town.home, asking(minted(town).text, **changed), now=NOW)


# A lost answer is no replay.


def test_the_same_question_gets_the_same_bytes_for_ten_minutes(town: Town) -> None:
    code = minted(town)
    first = redeem(town.home, asking(code.text), now=NOW)
    assert redeem(town.home, asking(code.text + "\r\n"), now=NOW + 599) == first
    assert refusal(town, code.text, now=NOW + 600) == "code.used"
    assert count(town, "wallet_use") == len(town.audited) == 1


@pytest.mark.parametrize(
    "changed", [{"idempotency_key": "attempt-2"}, {"requester": "别的单位"}, {"holder": WANG}, {"holder": None}]
)
def test_another_question_is_told_that_the_code_is_used(town: Town, changed: dict[str, object]) -> None:
    code = minted(town)
    redeem(town.home, asking(code.text), now=NOW)
    assert refusal(town, code.text, **changed) == "code.used"


def test_nothing_about_the_holder_or_the_answer_is_in_the_clear(town: Town) -> None:
    response = redeem(town.home, asking(minted(town).text), now=NOW)
    written = stored(town.home.database.engine)
    assert not any(secret.encode() in written for secret in SECRETS)
    assert response.encode() not in written
    assert USE.operator.encode() not in written


def test_purging_deletes_what_is_due_and_nothing_else(town: Town) -> None:
    code = minted(town)
    redeem(town.home, asking(code.text), now=NOW)
    assert purge(town.home, now=NOW + 599) == 0
    assert purge(town.home, now=NOW + 600) == 1
    assert count(town, "wallet_answer") == 0
    assert refusal(town, code.text, now=NOW + 600) == "code.used"
    assert purge(town.home, now=NOW + 60 + CODES_KEPT) == 1
    assert refusal(town, code.text, now=NOW) == "code.unknown"
    assert count(town, "wallet_use") == 1


# The issuing regions.


def test_home_first_then_the_delta_for_what_is_missing(town: Town) -> None:
    town.registers[32].kept[LI] = [held(CARD)]
    town.registers[34].give(held(ESTATE, region=34))
    claims = claims_of(redeem(town.home, asking(minted(town).text), now=NOW))
    assert [certificate.parse(each.sd_jwt).division for each in claims.certificates] == ["320509", "34"]
    assert [request.types for request in town.registers[32].asked] == [(CARD, ESTATE)]
    assert [request.types for request in town.registers[34].asked] == [(ESTATE,)]


def test_what_is_found_at_home_is_asked_nowhere_else(town: Town) -> None:
    redeem(town.home, asking(minted(town).text), now=NOW)
    assert not any(town.registers[region].asked for region in (31, 33, 34))


def test_a_revoked_one_at_home_is_shown_only_if_there_is_no_good_one(town: Town) -> None:
    town.registers[32].kept[LI] = [held(CARD, status_reason="lost"), held(ESTATE)]
    first = claims_of(redeem(town.home, asking(minted(town).text), now=NOW))
    assert [each.status_reason for each in first.certificates] == ["lost", None]
    town.registers[31].give(held(CARD, region=31))
    second = claims_of(redeem(town.home, asking(minted(town).text), now=NOW))
    assert [each.status_reason for each in second.certificates] == [None, None]


def test_what_nobody_has_is_missing(town: Town) -> None:
    town.registers[32].kept[LI] = [held(CARD)]
    claims = claims_of(redeem(town.home, asking(minted(town).text), now=NOW))
    assert claims.missing == (ESTATE,)
    assert len(claims.certificates) == 1


def test_the_holder_chooses_among_alternatives(town: Town) -> None:
    town.registers[32].give(held(BIRTH))
    use = replace(USE, item_code="EC-0101")
    first = claims_of(redeem(town.home, asking(minted(town).text, use=use), now=NOW))
    chosen = minted(town, item="EC-0101", types=(BIRTH,))
    second = claims_of(redeem(town.home, asking(chosen.text, use=use), now=NOW))
    assert [certificate.parse(each.sd_jwt).type_code for each in first.certificates] == [CARD]
    assert [certificate.parse(each.sd_jwt).type_code for each in second.certificates] == [BIRTH]


def test_an_answer_may_hold_as_many_certificates_as_are_ever_shown(town: Town) -> None:
    town.registers[32].kept[LI] = [held(CARD) for _ in range(MOST_CERTIFICATES - 1)] + [held(ESTATE)]
    claims = claims_of(redeem(town.home, asking(minted(town).text), now=NOW))
    assert len(claims.certificates) == MOST_CERTIFICATES
    town.registers[32].give(held(CARD))
    code = minted(town)
    assert refusal(town, code.text) == "redeem.too_many"
    assert count(town, "wallet_use") == 1


def test_an_answer_that_nobody_could_read_leaves_the_code_unused(town: Town) -> None:
    large = {"XM": "李" * 46_000}
    town.registers[32].kept[LI] = [held(CARD, elements=large) for _ in range(3)] + [held(ESTATE)]
    code = minted(town)
    assert refusal(town, code.text) == "redeem.too_many"
    del town.registers[32].kept[LI][:2]
    assert claims_of(redeem(town.home, asking(code.text), now=NOW)).holder_match


def test_mutable_elements_come_with_their_age_and_only_if_needed(town: Town) -> None:
    town.registers[32].give(held(DRIVING, mutable={"LJJF": (3, NOW - 900), "ZT": ("A", NOW - 50)}))
    use = replace(USE, item_code="EC-0003")
    claims = claims_of(redeem(town.home, asking(minted(town).text, use=use), now=NOW))
    (driving,) = [each for each in claims.certificates if certificate.parse(each.sd_jwt).type_code == DRIVING]
    assert {key: (state.value, state.at) for key, state in driving.mutable.items()} == {"ZT": ("A", NOW - 50)}


@pytest.mark.parametrize("stopped", [31, 32])
def test_a_stopped_region_fails_the_whole_and_the_code_stays_unused(town: Town, stopped: int) -> None:
    town.registers[32].kept[LI] = [held(CARD)]
    code = minted(town)
    town.registers[stopped].is_stopped = True
    with pytest.raises(Unavailable, match=r"issuer\.unreachable"):
        redeem(town.home, asking(code.text), now=NOW)
    assert count(town, "wallet_use") == count(town, "wallet_answer") == 0
    town.registers[stopped].is_stopped = False
    assert claims_of(redeem(town.home, asking(code.text), now=NOW + 10)).holder_match


def test_a_region_that_nobody_wired_is_away(town: Town) -> None:
    home = replace(town.home, holdings={})
    with pytest.raises(Unavailable, match=r"issuer\.unreachable"):
        redeem(home, asking(minted(town).text), now=NOW)


def test_an_enterprise_by_its_agent(town: Town) -> None:
    town.registers[32].give(held(LICENCE, owner=FIRM), owner=FIRM)
    code = minted(town, agent_for=FIRM)
    use = replace(USE, item_code="EC-0002")
    claims = claims_of(redeem(town.home, asking(code.text, use=use, holder=LI), now=NOW))
    assert {certificate.parse(each.sd_jwt).type_code for each in claims.certificates} == {LICENCE, CARD}
    assert claims.holder_match
    assert {(request.holder, request.types) for request in town.registers[32].asked} == {
        (FIRM, (LICENCE,)),
        (LI, (CARD,)),
    }


# One transaction.


def test_the_audit_record_names_use_and_keys_and_no_holder(town: Town) -> None:
    redeem(town.home, asking(minted(town).text), now=NOW)
    (record,) = town.audited
    assert (record["region"], record["kind"], record["use"]) == (32, "redeem", USE.wire())
    assert record["shown"][0] == {"type": CARD, "elements": ["GMSFHM", "XM", "YXQJZRQ"]}
    assert LI.id not in str(record)
    assert "李示例" not in str(record)


def test_a_failing_audit_log_leaves_the_code_unused(town: Town) -> None:
    code = minted(town)

    def full(*_: object, **__: object) -> None:
        raise Unavailable("storage.unavailable")

    with pytest.raises(Unavailable):
        redeem(replace(town.home, audit=full), asking(code.text), now=NOW)
    assert count(town, "wallet_use") == count(town, "wallet_answer") == 0
    assert claims_of(redeem(town.home, asking(code.text), now=NOW)).holder_match


def test_of_many_at_once_one_wins_and_the_others_are_told(town: Town) -> None:
    code, outcomes, together = minted(town), list[str](), threading.Barrier(6)

    def attempt(number: int) -> None:
        together.wait()
        try:
            redeem(town.home, asking(code.text, idempotency_key=f"attempt-{number}"), now=NOW)
            outcomes.append("won")
        except EcertError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["code.used"] * 5 + ["won"]
    assert count(town, "wallet_use") == count(town, "audited") == 1


def test_the_same_question_twice_at_once_gets_one_answer(town: Town) -> None:
    code, answers, together = minted(town), set[str](), threading.Barrier(4)

    def attempt() -> None:
        together.wait()
        answers.add(redeem(town.home, asking(code.text), now=NOW))

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count(town, "wallet_use") == 1


# Wrong tries.


def wrong(code: MintedCode, step: int) -> str:
    return f"2{(int(str(code.typed)[1:]) + step) % 10**7:07d}"


def test_five_wrong_tries_close_the_window_for_a_minute(town: Town) -> None:
    code = minted(town, typed=True)
    assert [refusal(town, wrong(code, step)) for step in range(1, 6)] == ["code.unknown"] * 5
    assert refusal(town, str(code.typed)) == "code.too_many_tries"
    assert refusal(town, wrong(code, 6), use=replace(USE, device="win-08")) == "code.unknown"
    assert claims_of(redeem(town.home, asking(code.text), now=NOW)).kind == "online"
    fresh = mint(town.home, replace(ONLINE, typed=True), now=NOW + 60)
    assert claims_of(redeem(town.home, asking(str(fresh.typed)), now=NOW + 60)).kind == "typed"


@pytest.mark.parametrize("invented", [{"device"}, {"device", "organisation"}])
def test_inventing_names_helps_fifty_times_and_no_more(town: Town, invented: set[str]) -> None:
    code = minted(town, typed=True)
    uses = [replace(USE, **dict.fromkeys(invented, f"invented-{number}")) for number in range(51)]
    told = [refusal(town, wrong(code, step + 1), use=use) for step, use in enumerate(uses)]
    assert told == ["code.unknown"] * 50 + ["code.too_many_tries"]


def test_digits_come_round_again(town: Town) -> None:
    code = minted(town, typed=True)
    redeem(town.home, asking(str(code.typed)), now=NOW)
    with town.home.database.transaction() as connection:
        index = connection.execute(sql("SELECT typed FROM wallet_code")).scalar_one()
    fresh = mint(town.home, ONLINE, now=NOW + 61)
    with town.home.database.transaction() as connection:
        renamed = sql("UPDATE wallet_code SET typed = :index WHERE digest = :digest")
        connection.execute(renamed, {"index": index, "digest": digest(fresh.text)})
    assert claims_of(redeem(town.home, asking(str(code.typed), idempotency_key="new"), now=NOW + 61)).kind == "typed"
