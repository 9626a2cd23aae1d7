"""`ecert trust`, typed at a founded chain: what is declared, from when, by whom, and what is refused."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecert.domain.catalogue import CATALOGUE
from ecert.domain.dates import parse_instant
from ecert.domain.ids import uscc_check
from ecert.domain.suites import generate, key_id, kid, load_signer
from ecert.domain.trust import FOREVER, TrustState
from tests.unit.ledger.founded import Founded, Told, copied, typed

OFFICE = "11990000MB0000001" + uscc_check("11990000MB0000001")
HEIR = "11990000MB0000002" + uscc_check("11990000MB0000002")
PARTNER = "11990000MB0000003" + uscc_check("11990000MB0000003")
IDENTITY, ESTATE = "11100000000013127D001", "11100000MB03271699001"
MARCH = parse_instant("2026-03-01")


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Founded]:
    with copied(tmp_path_factory, tmp_path) as house:
        assert _trust(house, *registered(OFFICE)).code == 0
        yield house


@pytest.fixture
def spki(tmp_path: Path) -> Path:
    path = tmp_path / "key.der"
    path.write_bytes(load_signer("ES256", generate("ES256")).spki)
    return path


def _trust(house: Founded, *words: str) -> Told:
    return typed(house, "trust", *words, "--json")


def registered(uscc: str, division: str = "310118") -> list[str]:
    return ["authority", "--uscc", uscc, "--division", division, "--name", "示例局", "--from", "2026-03-01"]


def key_words(*more: str, owner: str = OFFICE, purpose: str = "certificate", region: str = "31") -> list[str]:
    words = ["key", "--region", region, "--owner", owner, "--suite", "ES256", "--purpose", purpose]
    return [*words, "--from", "2026-03-01", *more]


def known(house: Founded) -> TrustState:
    house.replica.refresh()
    return house.replica.trust


def refused(error: str) -> tuple[int, str, str]:
    return (1, "ledger.refused", error)


def test_an_authority_exists_from_midnight_in_china(house: Founded) -> None:
    authority = known(house).authorities[OFFICE]

    assert (authority.division, authority.name) == ("310118", "示例局")
    assert authority.not_before.when == parse_instant("2026-02-28T16:00:00Z")
    assert _trust(house, *registered(OFFICE)).error == refused("TrustAuthorityKnown")


def test_an_authority_ends_with_its_successor(house: Founded) -> None:
    words = ("authority", "--uscc", OFFICE, "--dissolve", "2027-06-01T08:00:00+08:00", "--successor", HEIR)
    assert _trust(house, *words).error == refused("TrustUnknownAuthority")
    assert _trust(house, *registered(HEIR)).code == 0
    assert _trust(house, *words).json["dissolved"] == "2027-06-01T00:00:00Z"

    ended = known(house).authorities[OFFICE]
    assert ended.dissolved is not None
    assert (ended.dissolved.when, ended.successor) == (parse_instant("2027-06-01T00:00:00Z"), HEIR)
    assert _trust(house, *words).error == refused("TrustAuthorityDissolved")


@pytest.mark.parametrize("form", ["der", "pem"])
def test_a_public_key_is_registered_for_its_time(house: Founded, spki: Path, form: str) -> None:
    der = spki.read_bytes()
    if form == "pem":
        spki.write_bytes(b"-----BEGIN PUBLIC KEY-----\n" + b64encode(der) + b"\n-----END PUBLIC KEY-----\n")

    told = _trust(house, *key_words("--spki", str(spki), "--until", "2029-03-01"))

    assert (told.code, told.json["kid"], told.json["key_id"]) == (0, kid(der), key_id(der).hex())
    record = known(house).key(region=31, owner=OFFICE, key_id=key_id(der))
    assert record is not None
    assert (record.spki, record.suite, record.purpose) == (der, "ES256", "certificate")
    assert (record.not_before.when, record.not_after) == (MARCH, parse_instant("2029-03-01"))


@pytest.mark.parametrize("purpose", ["code", "gateway", "receipt", "status"])
def test_a_regions_own_key_is_made_in_custody(house: Founded, purpose: str) -> None:
    words = key_words("--generate", f"31-{purpose}", owner="region", purpose=purpose)

    told = _trust(house, *words)

    signer = house.floor.keys.signer(f"31-{purpose}", suite="ES256")
    assert told.json["kid"] == signer.kid
    record = known(house).key(region=31, owner=None, key_id=key_id(signer.spki))
    assert record is not None
    assert (record.purpose, record.not_after) == (purpose, None)
    assert _trust(house, *words).error == refused("TrustKeyKnown")


def test_a_key_is_revoked_and_compromised_from_dates(house: Founded, spki: Path) -> None:
    added = _trust(house, *key_words("--spki", str(spki))).json
    ended = ("key", "--region", "31", "--owner", OFFICE)
    assert _trust(house, *ended, "--revoke", added["kid"], "2027-02-01").code == 0
    assert _trust(house, *ended, "--compromised", added["key_id"], "2027-01-10").code == 0
    assert _trust(house, *ended, "--compromised", added["kid"], "2027-01-11").error == refused("TrustNotEarlier")
    assert _trust(house, *ended, "--revoke", "ab" * 32, "2027-01-11").error == refused("TrustUnknownKey")

    record = known(house).key(region=31, owner=OFFICE, key_id=bytes.fromhex(added["key_id"]))
    assert record is not None
    revoked, stolen = parse_instant("2027-02-01"), parse_instant("2027-01-10")
    assert [record.is_revoked(at=revoked + step, known_at=FOREVER) for step in (-1, 0)] == [False, True]
    assert [record.is_compromised(at=stolen + step, known_at=FOREVER) for step in (-1, 0)] == [False, True]


def test_types_are_granted_and_withdrawn_from_dates(house: Founded) -> None:
    grant = ("grant", "--uscc", OFFICE, "--types", f"{IDENTITY},{ESTATE}", "--from", "2026-03-01")
    withdraw = ("grant", "--uscc", OFFICE, "--types", ESTATE, "--withdraw", "--until", "2027-01-01")
    assert _trust(house, *withdraw).error == refused("TrustNoGrant")
    assert _trust(house, *grant).code == 0
    assert _trust(house, *grant).error == refused("TrustGrantOpen")
    assert _trust(house, *withdraw[:-1], "2026-02-01").error == refused("TrustBadTime")
    assert _trust(house, *withdraw).code == 0

    def may(code: str, at: str) -> bool:
        return known(house).may_issue(OFFICE, code, at=parse_instant(at), known_at=FOREVER)

    days = ("2026-02-28", "2026-03-01", "2026-12-31", "2027-01-01")
    assert [may(IDENTITY, day) for day in days] == [False, True, True, True]
    assert [may(ESTATE, day) for day in days] == [False, True, True, False]


def test_recognition_is_said_for_one_type_or_for_all(house: Founded) -> None:
    where = ("--accepting", "310118", "--issuing", "33", "--from", "2027-01-01")
    told = _trust(house, "recognise", *where, "--type", "all", "--yes")
    assert (told.code, told.json["types"], told.json["accepted"]) == (0, 37, "yes")
    assert _trust(house, "recognise", *where, "--type", ESTATE, "--no").json["accepted"] == "no"

    def takes(code: str, at: str = "2027-01-01") -> bool | None:
        return known(house).recognises(
            accepting="310118", type_code=code, issuing="330421", at=parse_instant(at), known_at=FOREVER
        )

    assert {takes(kind.code) for kind in CATALOGUE.types if kind.code != ESTATE} == {True}
    assert (takes(ESTATE), takes(IDENTITY, "2026-12-31")) == (False, None)


def test_a_partner_is_sponsored_and_ended(house: Founded, spki: Path) -> None:
    words = ("sponsor", "--region", "31", "--uscc", PARTNER, "--name", "示例省平台", "--gateway-key", str(spki))
    words += ("--items", "EC-0001,EC-0101")
    ended = ("sponsor", "--region", "31", "--uscc", PARTNER, "--end")
    assert _trust(house, *ended).error == refused("TrustUnknownPartner")
    assert _trust(house, *words, "--until", "2026-01-01").error == refused("TrustBadTime")
    assert _trust(house, *words, "--until", "2028-01-01").code == 0

    (partner,) = known(house).partners.values()
    assert (partner.region, partner.uscc, partner.name) == (31, PARTNER, "示例省平台")
    assert (partner.gateway_key, partner.items) == (spki.read_bytes(), ("EC-0001", "EC-0101"))
    assert partner.until == parse_instant("2028-01-01")

    assert _trust(house, *ended).code == 0
    (partner,) = known(house).partners.values()
    assert partner.ended is not None


def test_only_a_regions_own_admin_declares(house: Founded, spki: Path) -> None:
    der = str(spki)
    elsewhere = registered(HEIR, "350100")
    stranger = ("recognise", "--accepting", "35", "--issuing", "33", "--type", "all", "--yes", "--from", "2027-01-01")
    for words, error in (
        (elsewhere, "AppointedNotAdmin"),
        (stranger, "AppointedNotAdmin"),
        (key_words("--spki", der, owner="region", purpose="code", region="35"), "AppointedNotAdmin"),
        (key_words("--spki", der, region="32"), "TrustOtherRegion"),
        (key_words("--spki", der, owner=HEIR), "TrustUnknownAuthority"),
        (key_words("--spki", der, purpose="code"), "TrustBadPurpose"),
        (key_words("--spki", der, owner="region"), "TrustBadPurpose"),
        (key_words("--spki", der, "--until", "2026-03-01"), "TrustBadTime"),
    ):
        assert (words, _trust(house, *words).error) == (words, refused(error))


def test_bad_input_is_explained_and_nothing_is_sent_or_made(house: Founded, spki: Path, tmp_path: Path) -> None:
    der, nowhere, large, odd = str(spki), str(tmp_path / "none"), tmp_path / "large", tmp_path / "odd"
    large.write_bytes(bytes(20_000))
    odd.write_bytes(b"-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----\n")
    sponsor = ("sponsor", "--region", "31", "--uscc", PARTNER)
    ended = ("key", "--region", "31", "--owner", OFFICE)
    bad: list[tuple[list[str] | tuple[str, ...], str]] = [
        (registered("91350100M000100Y44"), "uscc.check"),
        (registered(HEIR, "3101180"), "division.form"),
        ([*registered(HEIR)[:-1], "2027-13-01"], "date.form"),
        (["authority", "--uscc", HEIR, "--from", "2026-03-01", "--name", "示例局"], "ledger.option"),
        ([*registered(HEIR), "--successor", OFFICE], "ledger.option"),
        (["authority", "--uscc", OFFICE, "--dissolve", "2027-01-01", "--name", "示例局"], "ledger.option"),
        (["authority", "--uscc", HEIR, "--dissolve", "2027-01-01"], "ledger.unknown_authority"),
        (key_words("--spki", nowhere), "ledger.file"),
        (key_words("--spki", str(tmp_path)), "ledger.file"),
        (key_words("--spki", "a\0b"), "ledger.file"),
        (key_words("--spki", str(large)), "ledger.file"),
        (key_words("--spki", str(odd)), "suite.key"),
        (["key", "--region", "31", "--owner", "region", "--spki", der, "--from", "2027-01-01"], "ledger.option"),
        (["key", "--region", "31", "--owner", "region", "--suite", "RS256", "--spki", der], "suite.unknown"),
        (key_words("--spki", der, owner="地区"), "uscc.form"),
        (key_words("--generate", "../31", owner="region", purpose="code"), "keys.name"),
        (key_words("--generate", "31-new", "--until", "never", owner="region", purpose="code"), "instant.form"),
        ((*ended, "--revoke", "kid", "2027-01-01"), "ledger.digest"),
        ((*ended, "--revoke", "ab" * 32, "yesterday"), "instant.form"),
        ((*ended, "--revoke", "ab" * 32, "2027-01-01", "--suite", "ES256"), "ledger.option"),
        (["grant", "--uscc", OFFICE, "--types", "1", "--from", "2027-01-01"], "type_code.form"),
        (["grant", "--uscc", OFFICE, "--types", OFFICE + "001", "--from", "2027-01-01"], "type.unknown"),
        (["grant", "--uscc", OFFICE, "--types", ESTATE], "ledger.option"),
        (["grant", "--uscc", OFFICE, "--types", ESTATE, "--withdraw", "--from", "2027-01-01"], "ledger.option"),
        (["grant", "--uscc", HEIR, "--types", ESTATE, "--from", "2027-01-01"], "ledger.unknown_authority"),
        ((*sponsor, "--name", "省", "--items", "EC-9999", "--gateway-key", der), "item.unknown"),
        ((*sponsor, "--name", "省", "--items", "EC-0001", "--gateway-key", str(odd)), "suite.key"),
        ((*sponsor, "--name", "省", "--items", "EC-0001"), "ledger.option"),
        ((*sponsor, "--end", "--name", "省"), "ledger.option"),
    ]
    queued, names = _next_nonce(house), house.floor.keys.names()
    for words, code in bad:
        assert (words, *_trust(house, *words).error[:2]) == (words, 3, code)

    assert (_next_nonce(house), house.floor.keys.names()) == (queued, names)


def _next_nonce(house: Founded) -> int:
    return house.floor.sending.nonce_for(house.floor.sending.account("31-admin").address)
