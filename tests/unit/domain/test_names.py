"""What a province calls a type: read by region, and told apart where two provinces mean two types by one name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecert.domain.catalogue import CATALOGUE, CertificateType
from ecert.domain.catalogue.names import DELTA, names_by_region, parse_local_names
from ecert.domain.errors import Malformed
from ecert.domain.reading import Table

ROW = {"no": 1, "region": "31", "names": ["证"], "source": "project"}
LIST = Table({}, code="list.form", where="list")


def rows(*given: dict[str, object]) -> tuple[Table, ...]:
    return tuple(Table(row, code="list.form", where=f"row {place}") for place, row in enumerate(given))


def kind(no: int, **names: tuple[str, ...]) -> CertificateType:
    local = {region.strip("_"): told for region, told in names.items()}
    return replace(CATALOGUE.by_no(no), zh=f"type {no}", code=f"code {no}", local_names=local)


def test_names_are_read_by_type_and_region() -> None:
    delta = {**ROW, "region": "delta", "names": ["证", "照"]}
    assert parse_local_names(rows(ROW, delta, {**ROW, "no": 2, "region": "99"})) == {
        1: {"31": ("证",), "delta": ("证", "照")},
        2: {"99": ("证",)},
    }
    assert parse_local_names(()) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "09"},
        {"region": "3"},
        {"region": "310"},
        {"region": "DELTA"},
        {"region": "moon"},
        {"names": []},
        {"names": [1]},
        {"no": 0},
        {"source": "rumour"},
        {"stranger": 1},
    ],
)
def test_a_wrong_row_is_refused_in_its_place(changed: dict[str, object]) -> None:
    with pytest.raises(Malformed) as caught:
        parse_local_names(rows({**ROW, "no": 9}, ROW | changed))
    assert caught.value.code == "list.form"
    assert caught.value.detail.startswith("row 1 ")


def test_a_region_stands_once_for_each_type() -> None:
    with pytest.raises(Malformed, match=r"^list\.form: row 2 "):
        parse_local_names(rows(ROW, {**ROW, "no": 2}, ROW))


def test_a_province_s_own_names_stand_beside_the_delta_s() -> None:
    one, two = kind(1, _31=("甲", "乙"), _32=("丙",)), kind(2, _32=("甲",), _33=("丁",))
    assert dict(names_by_region(LIST, (one, two))) == {
        (DELTA, "type 1"): "code 1",
        (DELTA, "type 2"): "code 2",
        ("31", "甲"): "code 1",
        ("31", "乙"): "code 1",
        ("32", "丙"): "code 1",
        ("32", "甲"): "code 2",
        ("33", "丁"): "code 2",
        (DELTA, "乙"): "code 1",
        (DELTA, "丙"): "code 1",
        (DELTA, "丁"): "code 2",
    }


def test_the_delta_s_own_name_is_not_taken_over() -> None:
    one, two = kind(1, delta=("甲",)), kind(2, _31=("甲",))
    names = names_by_region(LIST, (one, two))
    assert (names[DELTA, "甲"], names["31", "甲"]) == ("code 1", "code 2")


def test_one_name_for_two_types_in_one_region_is_refused() -> None:
    with pytest.raises(Malformed, match=r"^list\.form: list "):
        names_by_region(LIST, (kind(1, _31=("甲",)), kind(2, _31=("甲",))))
    assert names_by_region(LIST, (kind(1, _31=("甲", "甲")),))["31", "甲"] == "code 1"


def test_names_cannot_be_changed_afterwards() -> None:
    names = names_by_region(LIST, (kind(1),))
    with pytest.raises(TypeError):
        names[DELTA, "x"] = "code 1"  # type: ignore[index]  # the promise is that this fails
