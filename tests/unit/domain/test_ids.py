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
    assert ids.mod37_36_holds(text)
    assert not ids.mod37_36_holds("C" + text[1:])


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
