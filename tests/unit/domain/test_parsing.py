"""A release of the catalogue in small: 37 types of one element each, read whole, and each of its own faults."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ecert.domain.catalogue import CATALOGUE, Catalogue, parse_catalogue
from ecert.domain.catalogue.terms import LongTerm, ValidityRule
from ecert.domain.errors import Malformed, NotFound

HEAD = """version = 7
[code_sets]
sex = {pattern = "[0129]", note = "a note"}
"""
NAMES = """[[local_names]]
no = 2
region = "31"
names = ["甲"]
source = "project"
"""
ELEMENT = '{key = "XM", zh = "姓名", en = "name", type = "code", code_set = "sex", sensitivity = "public"}'
DATE = '{key = "LAST", zh = "截止", en = "last day", type = "date", sensitivity = "public"}'
ROW = {
    "no": "2",
    "code": '"000000000000000000002"',
    "placeholder": "true",
    "zh": '"证"',
    "en": '"card"',
    "holder_kinds": '["person"]',
    "authority": '"an organ"',
    "validity": '{term = "long_term", closes = "same_day", shown = "LAST"}',
    "validity_text": '"long"',
    "freshness": "300",
    "evidence": '"none"',
    "elements": f"[{ELEMENT}, {DATE}]",
}


def row(no: int, /, **changed: str | None) -> str:
    own = {"no": str(no), "code": f'"000000000000000000{no:03d}"', "zh": f'"证{no}"'}
    fields = {name: value for name, value in (ROW | own | changed).items() if value is not None}
    return "[[types]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items())


def release(**second: str | None) -> str:
    return HEAD + "".join(row(no, **(second if no == 2 else {})) for no in range(1, 38)) + NAMES


def refused(text: str, place: str) -> bool:
    with pytest.raises(Malformed) as caught:
        parse_catalogue(text.encode())
    assert caught.value.detail.startswith(f"list{place} ")
    return caught.value.code == "catalogue.form"


def read() -> Catalogue:
    return parse_catalogue(release(sensitive_because='"a face"').encode())


def test_a_release_is_read_whole() -> None:
    text = release().encode()
    catalogue = parse_catalogue(text)
    assert (catalogue.version, catalogue.sha256) == (7, sha256(text).digest())
    assert [kind.no for kind in catalogue.types] == list(range(1, 38))
    assert dict(catalogue.codes) == {kind.code: kind for kind in catalogue.types}
    assert catalogue.names["31", "甲"] == catalogue.names["delta", "证2"] == "000000000000000000002"


def test_a_type_s_fields_arrive() -> None:
    kind = read().by_no(2)
    assert (kind.no, kind.code, kind.placeholder) == (2, "000000000000000000002", True)
    assert (kind.zh, kind.en, kind.authority) == ("证2", "card", "an organ")
    assert (kind.holder_kinds, kind.freshness) == (frozenset({"person"}), 300)
    assert (kind.validity, kind.validity_text) == (ValidityRule(LongTerm(), closes="same_day", shown="LAST"), "long")
    assert (kind.sensitive_because, kind.evidence) == ("a face", "none")
    assert [element.key for element in kind.elements] == ["XM", "LAST"]
    assert dict(kind.local_names) == {"31": ("甲",)}
    assert dict(read().by_no(3).local_names) == {}
    assert read().by_no(3).sensitive_because is None
    assert (code_set := kind.elements[0].code_set) is not None
    assert code_set.note == "a note"


def test_a_release_cannot_be_changed_afterwards() -> None:
    catalogue = read()
    for mapping in (catalogue.codes, catalogue.by_no(2).local_names, CATALOGUE.names):
        with pytest.raises(TypeError):
            mapping["x"] = ""  # type: ignore[index]  # the promise is that this fails


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"no": "3"}, ".types[1]"),
        ({"no": "0"}, ".types[1]"),
        ({"code": '"000000000000000000003"'}, ".types[1]"),
        ({"code": '"00000000000000000000"'}, ".types[1]"),
        ({"code": '"11100000000013127D001"'}, ".types[1]"),
        ({"placeholder": "false"}, ".types[1]"),
        ({"zh": None}, ".types[1]"),
        ({"en": None}, ".types[1]"),
        ({"holder_kinds": "[]"}, ".types[1]"),
        ({"holder_kinds": '["robot"]'}, ".types[1]"),
        ({"holder_kinds": "[1]"}, ".types[1]"),
        ({"authority": "1"}, ".types[1]"),
        ({"validity": '{term = "stairs"}'}, ".types[1].validity"),
        ({"validity_text": "1"}, ".types[1]"),
        ({"freshness": "0"}, ".types[1]"),
        ({"sensitive_because": "1"}, ".types[1]"),
        ({"evidence": None}, ".types[1]"),
        ({"elements": "[]"}, ".types[1]"),
        ({"stranger": "1"}, ".types[1]"),
    ],
)
def test_a_type_s_fault_is_told_in_its_place(changed: dict[str, str | None], place: str) -> None:
    assert refused(release(**changed), place)


def test_a_known_code_is_no_placeholder() -> None:
    known = parse_catalogue(release(code='"11100000000013127D001"', placeholder="false").encode()).by_no(2)
    assert (known.code, known.placeholder) == ("11100000000013127D001", False)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (row(37), "", ""),
        (row(37), row(37) + row(38), ""),
        (row(36) + row(37), row(37) + row(36), ""),
        ("no = 2\nregion", "no = 38\nregion", ""),
        ("version = 7\n", "", ""),
        ("version = 7", "version = 0", ""),
        ("version = 7", "version = 7\nstranger = 1", ""),
        ("[code_sets]", "[other_sets]", ""),
        ('note = "a note"', "note = 1", ".code_sets.sex"),
        ('region = "31"', 'region = "moon"', ".local_names[0]"),
    ],
)
def test_a_release_s_fault_is_told(old: str, new: str, place: str) -> None:
    assert old in release()
    assert refused(release().replace(old, new), place)


def test_one_code_for_two_types_is_refused() -> None:
    known = {"code": '"11100000000013127D001"', "placeholder": "false"}
    twice = release(**known).replace(row(3), row(3, **known))
    with pytest.raises(Malformed, match=r"^catalogue\.form: list gives one code to two types$"):
        parse_catalogue(twice.encode())


def test_types_are_found_in_their_bounds() -> None:
    catalogue = read()
    assert (catalogue.by_no(1).no, catalogue.by_no(37).no) == (1, 37)
    assert catalogue.by_local_name(region="31", name="甲").no == 2
    assert catalogue.by_local_name(region="33", name="甲").no == 2
    for find in (
        lambda: catalogue.by_no(0),
        lambda: catalogue.by_no(38),
        lambda: catalogue.by_code("x"),
        lambda: catalogue.by_local_name(region="33", name="乙"),
    ):
        with pytest.raises(NotFound) as unknown:
            find()
        assert unknown.value.code == "type.unknown"
    assert catalogue.by_no(2).element("LAST").zh == "截止"
    with pytest.raises(NotFound, match=r"^element\.unknown: NO$"):
        catalogue.by_no(2).element("NO")


def test_every_type_may_have_local_names() -> None:
    names = "".join(NAMES.replace("no = 2", f"no = {no}").replace("甲", f"甲{no}") for no in range(1, 38))
    catalogue = parse_catalogue(release().replace(NAMES, names).encode())
    assert all(dict(kind.local_names) == {"31": (f"甲{kind.no}",)} for kind in catalogue.types)
