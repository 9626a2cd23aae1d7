"""Identifiers, dates and holders for all inputs: round trips, any changed character, any input at all."""

from __future__ import annotations

import string
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ecert.domain import dates, holders, ids
from ecert.domain.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHANUMERIC = string.digits + string.ascii_uppercase
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DAYS = st.dates(date(1800, 1, 1), date(9998, 12, 31))
ANYTHING = st.one_of(
    st.text(),
    st.binary(),
    st.none(),
    st.integers(),
    st.dictionaries(st.text(), st.text()),
    st.lists(st.text()),
    st.from_regex(r"\A[0-9A-Z.:TZ+-]{0,90}\Z"),
)


@st.composite
def usccs(draw: st.DrawFn) -> str:
    body = (
        draw(st.text(USCC_ALPHABET, min_size=2, max_size=2))
        + draw(st.text(string.digits, min_size=6, max_size=6))
        + draw(st.text(USCC_ALPHABET, min_size=9, max_size=9))
    )
    return body + ids.uscc_check(body)


@st.composite
def licence_ids(draw: st.DrawFn) -> ids.LicenceId:
    return ids.licence_id(
        type_code=draw(usccs()) + draw(st.text(string.digits, min_size=3, max_size=3)),
        issuer=draw(usccs()),
        serial=draw(st.text(ALPHANUMERIC, min_size=1, max_size=32)),
        version=draw(st.integers(1, 999)),
    )


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    body = f"{draw(st.integers(100_000, 999_999))}{draw(DAYS):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + ids.resident_id_check(body)


@given(licence_ids())
def test_licence_identifiers_come_back(lid: ids.LicenceId) -> None:
    assert ids.parse_licence_id(str(lid)) == lid


@given(st.text(ALPHANUMERIC, min_size=1, max_size=60), st.data())
def test_mod37_36_sees_every_single_substitution(body: str, data: st.DataObject) -> None:
    text = body + ids.mod37_36_check(body)
    place = data.draw(st.integers(0, len(body)))
    other = data.draw(st.sampled_from(ALPHANUMERIC).filter(lambda c: c != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    assert ids.mod37_36_check(changed[:-1]) != changed[-1]


@given(usccs(), st.data())
def test_a_changed_credit_code_is_refused(code: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from(USCC_ALPHABET).filter(lambda c: c != code[place]))
    assert ids.parse_uscc(code) == code
    with pytest.raises(Malformed):
        ids.parse_uscc(code[:place] + other + code[place + 1 :])


@given(resident_ids(), st.data())
def test_a_changed_resident_number_is_refused(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from(string.digits + "X").filter(lambda c: c != number[place]))
    assert ids.parse_resident_id(number).text == number
    with pytest.raises(Malformed):
        ids.parse_resident_id(number[:place] + other + number[place + 1 :])


@given(st.integers(10, 99), st.integers(0, 99), st.integers(0, 99))
def test_divisions_come_back_from_the_chain(province: int, city: int, county: int) -> None:
    division = ids.parse_division(f"{province}{city:02d}{county:02d}")
    assert ids.division_from_int(ids.division_to_int(division)) == division
    assert ids.division_covers(outer=str(province), inner=division)


@given(DAYS, st.integers(0, 86_399))
def test_every_second_of_a_day_falls_on_it(day: date, second: int) -> None:
    assert dates.civil_day(dates.start_of_day(day) + second) == day


@given(DAYS, DAYS)
def test_a_validity_holds_its_first_and_last_second(first: date, last: date) -> None:
    assume(first <= last)
    span = dates.validity(first, last)
    assert span.exp is not None
    assert (dates.civil_day(span.nbf), dates.civil_day(span.exp - 1)) == (first, last)
    assert (dates.civil_day(span.nbf - 1), dates.civil_day(span.exp)) != (first, last)


@given(st.integers(-5_000_000_000, 200_000_000_000))
def test_instants_come_back(unix: int) -> None:
    assert dates.parse_instant(dates.format_instant(unix)) == unix


@pytest.mark.parametrize(
    "parse",
    [
        ids.parse_licence_id,
        ids.parse_type_code,
        ids.parse_uscc,
        ids.parse_resident_id,
        ids.parse_division,
        dates.parse_civil,
        dates.parse_instant,
        holders.parse_holder,
        holders.parse_holder_ref,
    ],
)
@given(given_value=ANYTHING)
def test_parsers_raise_malformed_and_nothing_else(parse: Callable[[object], object], given_value: object) -> None:
    with suppress(Malformed):
        assert parse(given_value) == parse(given_value)
