from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ecert.domain import certificate, jws
from ecert.domain.certificate import parse, select
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.ids import licence_id
from ecert.domain.sd_jwt import SdJwt, split
from ecert.domain.strict import b64url_decode
from tests.unit.domain.issued import (
    FACE,
    FILE,
    ISSUER,
    LI,
    OWNERS,
    TYPE_CODE,
    WANG,
    claims,
    hide_entry,
    hide_member,
    issued,
    signer,
    token,
)


def test_a_certificate_comes_back_as_it_was_issued() -> None:
    read = parse(issued())

    assert (read.issuer, read.type_code, read.licence, read.division) == (ISSUER, TYPE_CODE, FACE.licence, "320509")
    assert (read.iat, read.nbf, read.exp, read.status) == (FACE.iat, FACE.nbf, None, FACE.status)
    assert (read.elements, read.holders, read.file) == (FACE.elements, (LI, WANG), FILE)
    assert parse(issued(exp=1_900_000_000)).exp == 1_900_000_000


@pytest.mark.parametrize("suite", ["ES256", "SM2-SM3"])
def test_each_issuing_suite_signs_and_verifies(suite: str) -> None:
    read = parse(str(certificate.sign(FACE, signer(suite))))

    jws.verify(read.token, suite_name=suite, spki=signer(suite).spki)
    with pytest.raises(VerificationFailed):
        jws.verify(read.token, suite_name="ES256" if suite != "ES256" else "SM2-SM3", spki=signer(suite).spki)


def test_nothing_personal_is_visible() -> None:
    text = split(issued()).jwt
    payload = b64url_decode(text.split(".")[1]).decode()

    for secret in (LI.id, LI.name, WANG.name, "示例路", "89.50", "owners", "location", "甲", FILE.sha256):
        assert secret not in payload


def test_every_entry_and_every_field_of_an_entry_is_hidden_by_itself() -> None:
    names = [b64url_decode(d).decode() for d in split(issued()).disclosures]

    assert sum('"share"' in name for name in names) == 2
    assert sum(name.endswith(',"甲"]') for name in names) == 1
    assert not any("李示例" in name and "1/2" in name for name in names)


def test_the_fingerprint_is_of_the_signed_part_alone() -> None:
    text = issued()
    shown = select(text, elements=["area"])

    assert parse(text).fingerprint == parse(shown).fingerprint
    assert parse(text).fingerprint == hashlib.sha256(text.split("~")[0].encode()).digest()


def test_two_issues_of_one_face_share_no_digest() -> None:
    assert not set(split(issued()).disclosures) & set(split(issued()).disclosures)


def test_select_keeps_the_named_elements_with_all_that_they_hold() -> None:
    shown = parse(select(issued(), elements=["owners", "area", "no_such"], holders=[WANG.id]))

    assert shown.elements == {"owners": OWNERS, "area": "89.50"}
    assert (shown.holders, shown.file) == ((WANG,), None)


def test_select_without_holders_named_keeps_all_and_with_none_named_keeps_none() -> None:
    assert parse(select(issued(), elements=[])).holders == (LI, WANG)
    nothing = parse(select(issued(), elements=[], holders=[]))
    assert (nothing.holders, nothing.elements) == ((), {})


def test_select_shows_the_file_only_when_asked_and_drops_a_key_binding() -> None:
    text = issued()

    assert parse(select(text, elements=[], file=True)).file == FILE
    assert select(text + "e30.e30.AA", elements=[]).endswith("~")
    assert select(select(text, elements=["area"]), elements=["area", "location"]).count("~") == 4


def test_a_selection_of_a_selection_shows_no_more() -> None:
    twice = parse(select(select(issued(), elements=["area"], holders=[LI.id]), elements=["area", "owners"]))
    assert (twice.elements, twice.holders) == ({"area": "89.50"}, (LI,))


def test_an_element_of_another_certificate_is_stray() -> None:
    one, other = split(issued()), split(issued())
    with pytest.raises(Malformed, match=r"^sd_jwt\.stray\b"):
        parse(str(SdJwt(one.jwt, other.disclosures[:1], None)))


def test_hidden_claims_by_hand_are_read() -> None:
    (element, of_element), (holder, of_holder) = hide_member("area", "1"), hide_entry(LI.claims())
    text = token(claims(elements={"_sd": [of_element]}, holders=[{"...": of_holder}]), element, holder)

    assert (parse(text).elements, parse(text).holders) == ({"area": "1"}, (LI,))


def test_an_end_that_is_hidden_is_refused() -> None:
    hidden, digest = hide_member("exp", 1_900_000_000)
    with pytest.raises(Malformed, match=r"^certificate\.claims\b"):
        parse(token(claims(_sd=[digest]), hidden))


@pytest.mark.parametrize(
    "name", ["iss", "vct", "licence_id", "division", "iat", "nbf", "status", "elements", "holders"]
)
def test_a_missing_claim_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match=r"^certificate\.claims\b"):
        parse(token(claims(**{name: None})))


def test_a_claim_that_nobody_knows_is_refused_visible_or_hidden() -> None:
    with pytest.raises(Malformed, match=r"^certificate\.claims\b"):
        parse(token(claims(colour="red")))
    hidden, digest = hide_member("colour", "red")
    with pytest.raises(Malformed, match=r"^certificate\.claims\b"):
        parse(token(claims(_sd=[digest]), hidden))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"elements": {"_sd": [], "area": "1"}}, "certificate.visible"),
        ({"elements": {}}, "certificate.visible"),
        ({"holders": [LI.claims()]}, "certificate.visible"),
        ({"elements": []}, "certificate.form"),
        ({"holders": {}}, "certificate.form"),
        ({"_sd_alg": "sha-512"}, "certificate.claims"),
        ({"_sd_alg": None}, "certificate.claims"),
        ({"file": FILE.claims()}, "certificate.claims"),
        ({"iss": "urn:cn:uscc:11330105002500287C"}, "certificate.licence_id"),
        ({"vct": "urn:cn:ecert:11100000000013127D001"}, "certificate.licence_id"),
        ({"iss": "https://issuer.example"}, "certificate.urn"),
        ({"vct": 7}, "certificate.urn"),
        ({"licence_id": "1.2.156"}, "licence_id.form"),
        ({"division": 320509}, "division.form"),
        ({"exp": 1_789_920_000}, "certificate.dates"),
        ({"iat": True}, "certificate.number"),
        ({"nbf": -1}, "certificate.number"),
        ({"exp": 2**40}, "certificate.number"),
        ({"iat": "1790000000"}, "certificate.number"),
        ({"status": {"status_list": {"idx": -1, "uri": "https://a.example/32-1"}}}, "status.claims"),
    ],
)
def test_a_claim_of_another_form_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse(token(claims(**changes)))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "AB" * 32},
        {"sm3": "ab" * 31},
        {"size": -1},
        {"size": "1"},
        {"media_type": "application/ofd\nx"},
        {"media_type": None},
        {"more": 1},
    ],
)
def test_a_file_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    hidden, digest = hide_member("file", FILE.claims() | changes)
    with pytest.raises(Malformed, match=r"certificate\."):
        parse(token(claims(_sd=[digest]), hidden))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"elements": {"many": [{"n": str(n)} for n in range(501)]}}, "certificate.unreadable"),
        ({"elements": {"deep": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}}, "certificate.unreadable"),
        ({"elements": {"_sd": "x"}}, "certificate.unreadable"),
        ({"elements": {"rows": [{"...": "x"}]}}, "certificate.unreadable"),
        ({"elements": {"area": 89.5}}, "certificate.unreadable"),
        ({"elements": {"picture": "x" * 250_000}}, "certificate.unreadable"),
        ({"exp": 1}, "certificate.dates"),
        ({"division": "x"}, "division.form"),
        ({"licence": licence_id(type_code=TYPE_CODE, issuer=ISSUER, serial="1"), "iat": -1}, "certificate.number"),
    ],
)
def test_what_nobody_could_read_is_not_signed(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refused:
        issued(**changes)
    assert refused.value.code == code


def test_the_longest_certificate_counts_what_is_visible_and_what_is_hidden() -> None:
    assert parse(issued(elements={"picture": "x" * 180_000})).elements["picture"] == "x" * 180_000
    many = {f"E{number:03}": "x" * 150 for number in range(900)}
    with pytest.raises(Malformed, match=r"^certificate\.unreadable\b"):
        issued(elements=many)


def test_every_known_claim_may_be_visible_at_once() -> None:
    read = parse(token(claims(exp=1_900_000_000, _sd=[], cnf={}, iat=0)))
    assert (read.exp, read.iat) == (1_900_000_000, 0)
    assert parse(token(claims(nbf=0, exp=1))).nbf == 0
    assert parse(token(claims(iat=2**40 - 1))).iat == 2**40 - 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sha256": "AB" * 32}, "certificate.file"),
        ({"sm3": "ab" * 31}, "certificate.file"),
        ({"sha256": "ab" * 33}, "certificate.file"),
        ({"sm3": 7}, "certificate.file"),
        ({"media_type": None}, "certificate.file"),
        ({"media_type": "application"}, "certificate.file"),
        ({"media_type": "a/" + "b" * 51}, "certificate.file"),
        ({"media_type": "a" * 51 + "/b"}, "certificate.file"),
        ({"media_type": "A/b"}, "certificate.file"),
        ({"media_type": "+a/b"}, "certificate.file"),
        ({"more": 1}, "certificate.file"),
        ({"size": -1}, "certificate.number"),
        ({"size": 2**40}, "certificate.number"),
    ],
)
def test_each_fault_of_a_file_has_its_code(changes: dict[str, Any], code: str) -> None:
    hidden, digest = hide_member("file", FILE.claims() | changes)
    with pytest.raises(Malformed) as refused:
        parse(token(claims(_sd=[digest]), hidden))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [{"size": 0}, {"media_type": "a/b"}, {"media_type": f"{'a' * 50}/{'z' * 50}"}, {"media_type": "a.b+c-9/0.+-"}],
)
def test_a_file_at_its_bounds_is_read(changes: dict[str, Any]) -> None:
    hidden, digest = hide_member("file", FILE.claims() | changes)
    read = parse(token(claims(_sd=[digest]), hidden)).file
    assert read is not None
    assert read.claims() == FILE.claims() | changes


@pytest.mark.parametrize("name", ["media_type", "size", "sha256", "sm3"])
def test_no_part_of_a_file_may_be_missing(name: str) -> None:
    hidden, digest = hide_member("file", {key: value for key, value in FILE.claims().items() if key != name})
    with pytest.raises(Malformed, match=r"^certificate\.file\b"):
        parse(token(claims(_sd=[digest]), hidden))


@pytest.mark.parametrize("text", [None, 7, b"e30.e30.AA~", "", "~", "e30.e30.AA~", "é~"])
def test_what_is_no_certificate_is_malformed(text: object) -> None:
    with pytest.raises(Malformed):
        parse(text)  # type: ignore[arg-type] # what a caller must not hand in
