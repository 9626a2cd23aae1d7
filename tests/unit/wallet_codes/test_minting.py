"""Codes are unguessable, short-lived, bound to a purpose, and stored only hashed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecert.domain import cose, offline
from ecert.domain.errors import Conflict, Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.items import by_item_code
from tests.faults import stored
from tests.unit.wallet_codes.town import CARD, ESTATE, FIRM, LI, LICENCE, NOW, SECRETS, WANG, Town, code_signer, held
from wallet_codes.attesting import offline_code
from wallet_codes.codes import OfflineReading, OnlineReading, TypedReading, read
from wallet_codes.mint import MintRequest, mint
from wallet_codes.subjects import Subject

ONLINE = MintRequest(region=32, holder=LI)
OFFLINE = MintRequest(region=32, holder=LI, kind="offline", item="EC-0101")


@pytest.mark.parametrize("region", [31, 32, 33, 34])
def test_an_online_code_is_in_its_regions_format_and_lives_a_minute(town: Town, region: int) -> None:
    minted = mint(town.home, replace(ONLINE, region=region), now=NOW)
    reading = read(minted.text)
    assert isinstance(reading, OnlineReading)
    assert (reading.region.number, minted.expires_at, minted.typed) == (region, NOW + 60, None)


def test_two_codes_of_one_holder_have_nothing_in_common(town: Town) -> None:
    handles = {read(mint(town.home, ONLINE, now=NOW).text).handle for _ in range(50)}
    assert len(handles) == 50


def test_a_typed_code_stands_beside_it(town: Town) -> None:
    minted = mint(town.home, replace(ONLINE, typed=True), now=NOW)
    reading = read(minted.typed)
    assert isinstance(reading, TypedReading)
    assert reading.region.number == 32


def test_neither_code_nor_holder_is_stored_in_the_clear(town: Town) -> None:
    minted = mint(town.home, replace(ONLINE, typed=True, item="EC-0001"), now=NOW)
    written = stored(town.home.database.engine)
    assert minted.text.encode() not in written
    assert str(minted.typed).encode() not in written
    assert not any(secret.encode() in written for secret in SECRETS)


@pytest.mark.parametrize(
    ("request_", "error", "code"),
    [
        (replace(ONLINE, region=36), NotFound, "code.elsewhere"),
        (replace(ONLINE, item="EC-9999"), NotAllowed, "item.unknown"),
        (replace(ONLINE, item="EC-0001", types=(LICENCE,)), Malformed, "code.types"),
        (replace(ONLINE, types=(CARD,)), Malformed, "code.types"),
        (replace(ONLINE, holder=FIRM), Malformed, "code.holder"),
        (replace(ONLINE, agent_for=WANG), Malformed, "code.holder"),
        (replace(OFFLINE, item=None), Malformed, "code.item_needed"),
        (replace(OFFLINE, item="EC-0001"), NotAllowed, "item.not_offline"),
        (replace(OFFLINE, holder=WANG), NotFound, "offline.missing"),
    ],
)
def test_what_cannot_be_minted(town: Town, request_: MintRequest, error: type[Exception], code: str) -> None:
    with pytest.raises(error) as refusal:
        mint(town.home, request_, now=NOW)
    assert refusal.value.code == code


def test_an_offline_code_attests_the_least_that_the_item_needs(town: Town) -> None:
    minted = mint(town.home, OFFLINE, now=NOW)
    reading = read(minted.text)
    assert isinstance(reading, OfflineReading)
    claims = reading.envelope.claims
    cose.verify(reading.envelope.message, suite_name="ES256", spki=code_signer(32).spki)
    assert (claims.region, claims.iat, claims.exp, claims.item) == (32, NOW, NOW + 3600, "EC-0101")
    (attested,) = claims.certificates
    assert attested.elements == {"XM": "李示例", "YXQJZRQ": "2036-05-01"}
    assert (attested.type_no, attested.status, attested.division) == (1, offline.StatusPlace(32, 1, 70_001), "320509")
    assert (attested.batch, attested.nbf, attested.exp) == (7, NOW - 10_000, NOW + 10_000_000)
    assert offline.is_holder(claims, LI)
    assert not offline.is_holder(claims, WANG)


def test_an_agent_shows_the_organisations_licence(town: Town) -> None:
    town.registers[32].give(held(LICENCE, owner=FIRM), owner=FIRM)
    minted = mint(town.home, replace(OFFLINE, item="EC-0106", agent_for=FIRM), now=NOW)
    claims = offline.parse(minted.text).claims
    assert [each.type_no for each in claims.certificates] == [26]
    assert offline.is_holder(claims, FIRM)
    assert offline.is_holder(claims, LI)


def test_what_is_not_anchored_cannot_go_offline(town: Town) -> None:
    town.registers[32].kept[LI] = [held(CARD, receipt=None)]
    with pytest.raises(Conflict, match=r"offline\.not_anchored"):
        mint(town.home, OFFLINE, now=NOW)


def test_what_does_not_fit_is_refused_with_its_size(town: Town) -> None:
    town.registers[32].kept[LI] = [held(ESTATE, elements={"BDCQZH": "第1号", "ZL": "示例路" * 30})]
    with pytest.raises(NotAllowed, match=r"offline\.too_large: [0-9]+ bytes, at most 350"):
        mint(town.home, replace(OFFLINE, item="EC-0105"), now=NOW)


def test_pictures_stay_out_and_lists_too_where_they_do_not_fit(town: Town) -> None:
    few, many = ([{"XM": f"示例{number}"} for number in range(count)] for count in (1, 40))
    item = replace(by_item_code("EC-0105"), elements={ESTATE: ("BDCDYH", "QLR"), CARD: ("XM", "ZP")})
    for owners, kept in ((few, {"BDCDYH", "QLR"}), (many, {"BDCDYH"})):
        town.registers[32].kept[LI] = [held(ESTATE, elements={"BDCDYH": "1", "QLR": owners})]
        text, _ = offline_code(town.home, region=32, item=item, subject=Subject(LI, None, None, ()), now=NOW)
        assert set(offline.parse(text).claims.certificates[0].elements) == kept
    town.registers[32].kept[LI] = [held(CARD, elements={"XM": "李示例", "ZP": "A" * 4000})]
    item = replace(item, required=by_item_code("EC-0101").required)
    text, _ = offline_code(town.home, region=32, item=item, subject=Subject(LI, None, None, ()), now=NOW)
    assert set(offline.parse(text).claims.certificates[0].elements) == {"XM"}


def test_a_stopped_region_mints_no_offline_code(town: Town) -> None:
    town.registers[32].is_stopped = True
    with pytest.raises(Unavailable, match=r"issuer\.unreachable"):
        mint(town.home, OFFLINE, now=NOW)
