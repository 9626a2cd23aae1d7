"""Identifiers against published samples, and every way in which one can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecert.domain import ids
from ecert.domain.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "identifiers.json").read_text("utf-8"))


def code_of(parser: object, text: object) -> str:
    assert callable(parser)
    with pytest.raises(Malformed) as caught:
        parser(text)
    return caught.value.code


@pytest.mark.parametrize("text", VECTORS["licence_id"]["valid"])
def test_licence_identifier_keeps_its_text(text: str) -> None:
    assert str(ids.parse_licence_id(text)) == text


def test_licence_identifier_is_read_into_its_parts() -> None:
    lid = ids.parse_licence_id(VECTORS["licence_id"]["valid"][0])
    assert lid == ids.LicenceId("11100000000013338W032", "11220000013544541J", "2430599", 1, "F")


@pytest.mark.parametrize("text", VECTORS["licence_id"]["wrong_check"])
def test_licence_identifier_with_a_wrong_check_is_refused(text: str) -> None:
    assert code_of(ids.parse_licence_id, text) == "licence_id.check"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.removeprefix("1.2.156.3005.2."),
        lambda text: text + "\n",
        lambda text: text.replace("2430599", ""),
        lambda text: text.replace("2430599", "2" * 33),
        lambda text: text.replace("2430599", "２４３０５９９"),
        lambda text: text.replace("338W032", "338w032"),
        lambda text: text.encode(),
    ],
)
def test_licence_identifier_of_another_form_is_refused(spoil: object) -> None:
    assert callable(spoil)
    assert code_of(ids.parse_licence_id, spoil(VECTORS["licence_id"]["valid"][0])) == "licence_id.form"


def test_version_000_is_refused() -> None:
    with pytest.raises(Malformed, match=r"^licence_id\.form\b"):
        ids.licence_id(type_code="11100000000013338W032", issuer="11220000013544541J", serial="1", version=0)


@pytest.mark.parametrize("text", VECTORS["mod37_36"]["valid"])
def test_mod37_36_samples_hold(text: str) -> None:
    assert ids.mod37_36_check(text[:-1]) == text[-1]
    assert ids.mod37_36_check("C" + text[1:-1]) != text[-1]


def test_mod37_36_refuses_other_characters() -> None:
    assert code_of(ids.mod37_36_check, "a") == "mod37_36.form"


@pytest.mark.parametrize("text", VECTORS["type_code"]["valid"])
def test_type_codes_are_accepted(text: str) -> None:
    assert ids.parse_type_code(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("11100000000013127D00A", "type_code.form"),
        ("11100000000013127D01", "type_code.form"),
        (b"11100000000013127D001", "type_code.form"),
        ("11100000000013127E001", "uscc.check"),
    ],
)
def test_type_codes_are_refused(text: object, code: str) -> None:
    assert code_of(ids.parse_type_code, text) == code


@pytest.mark.parametrize("text", VECTORS["uscc"]["valid"])
def test_credit_codes_are_accepted(text: str) -> None:
    assert ids.parse_uscc(text) == text


@pytest.mark.parametrize("text", VECTORS["uscc"]["wrong_check"])
def test_credit_codes_with_a_wrong_check_are_refused(text: str) -> None:
    assert code_of(ids.parse_uscc, text) == "uscc.check"


@pytest.mark.parametrize("text", ["91350100I000100Y43", "9135010XM000100Y43", "", None, 18])
def test_credit_codes_of_another_form_are_refused(text: object) -> None:
    assert code_of(ids.parse_uscc, text) == "uscc.form"


@pytest.mark.parametrize("row", VECTORS["resident_id"]["valid"])
def test_resident_numbers_are_accepted(row: dict[str, str]) -> None:
    number = ids.parse_resident_id(row["text"])
    assert (number.text, number.born.isoformat(), number.sex) == (row["text"], row["born"], row["sex"])
    assert number.division == row["text"][:6]
    assert row["text"] not in repr(number)


@pytest.mark.parametrize("text", VECTORS["resident_id"]["wrong_check"])
def test_resident_numbers_with_a_wrong_check_are_refused(text: str) -> None:
    assert code_of(ids.parse_resident_id, text) == "resident_id.check"


def test_a_small_x_is_a_large_one() -> None:
    assert ids.parse_resident_id("11010519491231002x").text == "11010519491231002X"


def test_a_resident_number_born_on_no_day_is_refused() -> None:
    body = "31019919900230001"
    assert code_of(ids.parse_resident_id, body + ids.resident_id_check(body)) == "resident_id.date"


@pytest.mark.parametrize("text", ["1101051949123100２X", "11010519491231002", " 11010519491231002X", 1])
def test_resident_numbers_of_another_form_are_refused(text: object) -> None:
    assert code_of(ids.parse_resident_id, text) == "resident_id.form"


@pytest.mark.parametrize(
    ("text", "division"),
    [("31", "31"), ("310000", "31"), ("320500", "3205"), ("310118", "310118"), ("3100", "31")],
)
def test_divisions_lose_their_empty_levels(text: str, division: str) -> None:
    assert ids.parse_division(text) == division
    assert ids.division_from_int(int(text)) == division


@pytest.mark.parametrize("text", ["3", "310", "3101180", "03", "00", "三一", "31 ", None, 31])
def test_divisions_of_another_form_are_refused(text: object) -> None:
    assert code_of(ids.parse_division, text) == "division.form"


def test_a_division_covers_itself_and_what_it_contains() -> None:
    assert ids.division_covers(outer="31", inner="310118")
    assert ids.division_covers(outer="310118", inner="310118")
    assert not ids.division_covers(outer="310118", inner="31")
    assert not ids.division_covers(outer="31", inner="320509")


def test_drawn_values_have_their_sizes() -> None:
    assert len(ids.new_serial()) == 16
    assert ids.new_serial() != ids.new_serial()
    assert len(ids.random_bytes(32)) == 32
    assert len(ids.new_token(120)) == 20
    assert {ids.random_below(2) for _ in range(200)} == {0, 1}


def test_a_licence_identifier_s_serial_and_version_are_bounded() -> None:
    parts = {"type_code": "11100000000013338W032", "issuer": "11220000013544541J"}
    for serial, version in (("0", 1), ("Z" * 32, 999), ("A", 10)):
        lid = ids.licence_id(**parts, serial=serial, version=version)
        assert (lid.serial, lid.version) == (serial, version)
        assert ids.parse_licence_id(str(lid)) == lid
        assert str(lid).startswith(f"1.2.156.3005.2.11100000000013338W032.11220000013544541J.{serial}.{version:03d}.")
    assert ids.licence_id(**parts, serial="1").version == 1
    for serial, version in (("", 1), ("Z" * 33, 1), ("a", 1), ("1", 0), ("1", 1000)):
        with pytest.raises(Malformed, match=r"^licence_id\.form$"):
            ids.licence_id(**parts, serial=serial, version=version)


def test_a_licence_identifier_s_wrong_check_tells_the_right_one() -> None:
    text = VECTORS["licence_id"]["valid"][0]
    with pytest.raises(Malformed, match=r"^licence_id\.check: expected F$"):
        ids.parse_licence_id(text[:-1] + "0")
    for wrong in (text.replace(".", "x"), text[:-1], text + "0", "0" + text, text.replace("001", "01"), text.lower()):
        assert code_of(ids.parse_licence_id, wrong) == "licence_id.form"


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("", "1"),
        ("0", "2"),
        ("A", "H"),
        ("Z", "4"),
        ("A12425GABC1234002", "M"),
        ("B159D8FA01240000", "K"),
        ("11100000000013338W032112200000135445" + "41J2430599001", "F"),
    ],
)
def test_check_characters_by_hand(text: str, check: str) -> None:
    assert ids.mod37_36_check(text) == check


def test_a_credit_code_is_two_six_and_ten_characters_of_its_alphabet() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for character in alphabet:
        body = f"{character}1350100{character}000100Y4"
        assert ids.parse_uscc(body + ids.uscc_check(body)) == body + ids.uscc_check(body)
    for character in "IOSVZa-":
        for place in (0, 1, 8, 16):
            body = "91350100M000100Y4"
            assert code_of(ids.parse_uscc, body[:place] + character + body[place + 1 :] + "3") == "uscc.form"
    for place in range(2, 8):
        assert (
            code_of(ids.parse_uscc, "91350100M000100Y43"[:place] + "A" + "91350100M000100Y43"[place + 1 :])
            == "uscc.form"
        )
    for wrong in ("91350100M000100Y4", "91350100M000100Y433", "91350100M000100Y43\n"):
        assert code_of(ids.parse_uscc, wrong) == "uscc.form"


@pytest.mark.parametrize("body", ["11010519491231002", "32059919880307001", "34019919880307004", "31019919620101005"])
def test_each_check_character_of_a_resident_number(body: str) -> None:
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    for last in range(10):
        text = body[:16] + str(last)
        check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(text, weights, strict=True)) % 11]
        number = ids.parse_resident_id(text + check)
        assert (number.text, number.sex) == (text + check, "1" if last % 2 else "2")
        assert number.born.isoformat() == f"{text[6:10]}-{text[10:12]}-{text[12:14]}"
        for other in set("0123456789X") - {check}:
            assert code_of(ids.parse_resident_id, text + other) == "resident_id.check"


@pytest.mark.parametrize("text", ["x1010519491231002X", "11010519491231002XX", "11010519491231002\n", "", None])
def test_resident_numbers_are_seventeen_digits_and_a_check(text: object) -> None:
    assert code_of(ids.parse_resident_id, text) == "resident_id.form"


@pytest.mark.parametrize(
    ("text", "division"), [("10", "10"), ("99", "99"), ("310001", "310001"), ("999999", "999999"), ("100000", "10")]
)
def test_divisions_at_their_bounds(text: str, division: str) -> None:
    assert ids.parse_division(text) == division
    assert ids.division_to_int(division) == int(division)


@pytest.mark.parametrize("text", ["01", "0", "1", "31011", "31011800", "A1", "31a1", "\uff131"])
def test_what_is_no_division(text: str) -> None:
    assert code_of(ids.parse_division, text) == "division.form"


@pytest.mark.parametrize(("bits", "characters"), [(8, 2), (9, 3), (120, 20), (121, 22), (128, 22)])
def test_a_token_has_at_least_its_bits(bits: int, characters: int) -> None:
    assert len(ids.new_token(bits)) == characters


def test_drawn_values_are_in_their_alphabets() -> None:
    assert all(set(ids.new_serial()) <= set("0123456789ABCDEF") for _ in range(50))
    assert set("ABCDEF") & {character for _ in range(50) for character in ids.new_serial()}
    assert len(ids.random_bytes(0)) == 0
    assert ids.random_below(1) == 0
    assert ids.random_bytes(16) != ids.random_bytes(16)


def test_no_part_of_a_resident_number_shows_in_a_repr() -> None:
    shown = repr(ids.parse_resident_id("11010519491231002X"))
    for part in ("110105", "1949", "'2'"):
        assert part not in shown


@pytest.mark.parametrize("length", [0, 16, 18])
def test_a_credit_code_s_check_is_of_seventeen_characters(length: int) -> None:
    with pytest.raises(ValueError, match=r"zip\(\)"):
        ids.uscc_check("1" * length)
