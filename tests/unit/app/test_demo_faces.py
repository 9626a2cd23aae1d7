from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from ecert.app.demo.authorities import SEATS, SPECIAL, seat_for
from ecert.app.demo.faces import fill, showing
from ecert.app.demo.people import HOUSEHOLDS, PARTS
from ecert.domain.catalogue import CATALOGUE, check_elements, check_mutable, lapsed_elements, shown_last_day
from ecert.domain.ids import parse_resident_id, parse_uscc, uscc_check
from issuer.face import ACTING

FIRST = date(2026, 10, 20)
TYPES = range(1, 38)


@pytest.mark.parametrize("type_no", TYPES)
def test_every_face_is_whole_and_valid_for_every_household(type_no: int) -> None:
    kind = CATALOGUE.by_no(type_no)
    signed = {element.key for element in kind.elements if not element.mutable}

    for home in HOUSEHOLDS.values():
        filled = fill(type_no, home=home, seat=seat_for(home.region, type_no), first=FIRST)
        checked = check_elements(kind, filled.elements)

        assert set(checked) == signed
        assert set(check_mutable(kind, filled.mutable)) == {e.key for e in kind.elements} - signed
        assert kind.validity.shown is None or shown_last_day(kind, checked) == filled.last
        assert lapsed_elements(kind, checked, on=FIRST) == ()


@pytest.mark.parametrize("type_no", TYPES)
def test_every_entry_of_a_list_has_every_field(type_no: int) -> None:
    home = HOUSEHOLDS[32, 1]
    filled = fill(type_no, home=home, seat=seat_for(32, type_no), first=FIRST)

    for element in filled.kind.elements:
        for entry in filled.elements[element.key] if element.type == "list" else ():
            assert set(entry) == {field.key for field in element.fields}


@pytest.mark.parametrize("type_no", TYPES)
def test_who_shows_it_is_one_of_its_holders_or_acts_for_one(type_no: int) -> None:
    home = HOUSEHOLDS[33, 2]
    filled = fill(type_no, home=home, seat=seat_for(33, type_no), first=FIRST)
    shown = showing(type_no, home)

    assert (shown.organisation or shown.person) in {holder.ref for holder in filled.holders}
    assert {holder.kind for holder in filled.holders if holder.role not in ACTING} <= filled.kind.holder_kinds


def test_a_face_is_the_same_each_time() -> None:
    home, seat = HOUSEHOLDS[31, 1], seat_for(31, 24)

    assert fill(24, home=home, seat=seat, first=FIRST) == fill(24, home=home, seat=seat, first=FIRST)


def test_every_region_has_an_authority_for_every_type() -> None:
    assert {(seat.region, code) for seat in SEATS for code in seat.types} == {
        (region, kind.code) for region, kind in product((31, 32, 33, 34), CATALOGUE.types)
    }


def test_nobody_here_is_real() -> None:
    people = [person for home in HOUSEHOLDS.values() for person in home.people.values()]
    organisations = [one for home in HOUSEHOLDS.values() for one in home.organisations.values()]
    seats = [*SEATS, *SPECIAL.values()]
    credit_codes = [*(one.uscc for one in organisations), *(seat.uscc for seat in seats)]

    assert {parse_resident_id(person.id).division[4:] for person in people} == {"99"}
    assert {parse_uscc(uscc)[4:8] for uscc in credit_codes} == {"9900"}
    assert all("示例" in one.name for one in (*people, *organisations, *seats) if "未登记" not in one.name)


def test_no_number_stands_twice() -> None:
    homes = HOUSEHOLDS.values()
    numbers = [home.people[part].id for home in homes for part in PARTS]
    numbers += [one.uscc for home in homes for one in home.organisations.values()]
    numbers += [seat.uscc for seat in (*SEATS, *SPECIAL.values())]

    assert len(set(numbers)) == len(numbers)
    assert len({home.people[part].serial for home in homes for part in PARTS}) == len(homes) * len(PARTS)


def test_the_organisation_code_inside_a_credit_code_checks_too() -> None:
    """GB 11714: weights 3 7 9 10 5 8 4 2, modulus 11."""
    for seat in (*SEATS, *SPECIAL.values()):
        body, check = seat.uscc[8:16], seat.uscc[16]
        rest = 11 - sum(int(c, 36) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
        assert check == {10: "X", 11: "0"}.get(rest, str(rest))
        assert seat.uscc[17] == uscc_check(seat.uscc[:17])
