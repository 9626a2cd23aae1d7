"""The items as they stand: every type can be shown, nobody sees too much, a spoilt list is refused."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files

import pytest

from ecert.domain.catalogue import CATALOGUE
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.items import ITEMS, Item, Items, Requirement, by_item_code, elements_for, parse_items

SOURCE = (files("ecert.domain") / "items.toml").read_bytes()
IDENTITY_CARD = "11100000000013127D001"
REAL_ESTATE = "11100000MB03271699001"


def test_the_archive_inquiry_takes_identity_card_and_real_estate_certificate() -> None:
    item = by_item_code("EC-0001")
    assert [need.any_of for need in item.required] == [(IDENTITY_CARD,), (REAL_ESTATE,)]


def test_every_type_can_be_shown_alone() -> None:
    alone = {code for item in ITEMS.items.values() if len(item.required) == 1 for code in item.elements}
    assert alone == {kind.code for kind in CATALOGUE.types}


def test_no_item_asks_for_a_picture_or_for_a_whole_face() -> None:
    for item in ITEMS.items.values():
        for code, keys in item.elements.items():
            kind = CATALOGUE.by_code(code)
            assert all(kind.element(key).type != "image" for key in keys)
            assert len(keys) < len(kind.elements)


def test_mutable_elements_are_asked_for_online_only() -> None:
    for item in ITEMS.items.values():
        for code, keys in item.elements.items():
            mutable = {e.key for e in CATALOGUE.by_code(code).elements if e.mutable}
            assert item.least_assurance != "offline" or not mutable & set(keys)


def test_a_type_that_an_item_does_not_take_shows_nothing() -> None:
    assert elements_for(by_item_code("EC-0001"), "11100000MB0143028R001") == ()
    assert elements_for(by_item_code("EC-0001"), IDENTITY_CARD) == ("XM", "GMSFHM", "YXQJZRQ")


def test_assurance_is_least_what_the_item_states() -> None:
    assert by_item_code("EC-0101").takes("offline")
    assert not by_item_code("EC-0001").takes("offline")
    assert by_item_code("EC-0001").takes("online")
    assert by_item_code("EC-0001").takes("full")


def test_an_item_is_offered_in_the_divisions_it_covers() -> None:
    assert by_item_code("EC-0001").is_offered_in("310118")
    assert not by_item_code("EC-0001").is_offered_in("360100")


def test_an_unknown_item_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"^item\.unknown\b"):
        by_item_code("EC-9999")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1", ""),
        ('code = "EC-0002"', 'code = "EC-0001"'),
        ('code = "EC-0001"', 'code = "0001"'),
        ("requires = [[1], [24]]", "requires = []"),
        ("requires = [[1], [24]]", "requires = [[]]"),
        ("requires = [[1], [24]]", "requires = [[1]]"),
        ("requires = [[1], [24]]", "requires = [[1], [38]]"),
        ("requires = [[1], [24]]", "requires = [[1, 1], [24]]"),
        ("follow_up = []", "follow_up = [37]"),
        ("follow_up = []", 'comment = "x"'),
        ('least_assurance = "online"', 'least_assurance = "some"'),
        ('basis = "consent"', 'basis = "custom"'),
        ('"BDCQZH"', '"NOTHING"'),
        ('"BDCQZH"', '"ZL"'),
        ('divisions = ["31"', 'divisions = ["3"'),
        ('divisions = ["31", "32", "33", "34"]', "divisions = []"),
        ("[items.elements]\n1 =", "[items.elements]\none ="),
    ],
)
def test_a_spoilt_list_is_refused(old: str, new: str) -> None:
    text = SOURCE.decode()
    assert old in text
    with pytest.raises(Malformed, match=r"^item\.form\b"):
        parse_items(text.replace(old, new, 1).encode())


def test_a_list_without_items_is_refused() -> None:
    with pytest.raises(Malformed, match=r"^item\.form\b"):
        parse_items(b"version = 1\n")


LIST = """version = 7
[[items]]
code = "EC-0100"
zh = "查询"
en = "inquiry"
requires = [[1, 24], [24]]
least_assurance = "online"
follow_up = [24]
basis = "consent"
divisions = ["310000", "3205"]
[items.elements]
1 = ["XM", "GMSFHM"]
24 = ["BDCQZH"]
"""


def test_a_list_is_read_whole() -> None:
    items = parse_items(LIST.encode())
    item = Item(
        code="EC-0100",
        zh="查询",
        en="inquiry",
        required=(Requirement((IDENTITY_CARD, REAL_ESTATE)), Requirement((REAL_ESTATE,))),
        elements={IDENTITY_CARD: ("XM", "GMSFHM"), REAL_ESTATE: ("BDCQZH",)},
        least_assurance="online",
        follow_up=(REAL_ESTATE,),
        basis="consent",
        divisions=("31", "3205"),
    )
    assert items == Items(7, sha256(LIST.encode()).digest(), {"EC-0100": item})
    with pytest.raises(TypeError):
        items.items["EC-0100"] = item  # type: ignore[index]  # the promise is that this fails
    with pytest.raises(TypeError):
        items.by_item_code("EC-0100").elements["x"] = ()  # type: ignore[index]  # the promise is that this fails


def test_an_item_may_name_every_element_of_a_type() -> None:
    keys = tuple(element.key for element in CATALOGUE.by_code(REAL_ESTATE).elements)
    text = LIST.replace('["BDCQZH"]', str(list(keys)).replace("'", '"'))
    assert parse_items(text.encode()).by_item_code("EC-0100").elements[REAL_ESTATE] == keys


@pytest.mark.parametrize("basis", ["consent", "statutory_duty"])
@pytest.mark.parametrize("assurance", ["offline", "online", "full"])
def test_each_assurance_and_basis_is_read(assurance: str, basis: str) -> None:
    text = LIST.replace('"online"', f'"{assurance}"').replace('"consent"', f'"{basis}"')
    item = parse_items(text.encode()).by_item_code("EC-0100")
    assert (item.least_assurance, item.basis) == (assurance, basis)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("version = 7", "version = 7\nmore = 1", "list has unknown"),
        ("version = 7", "version = 0", "list version"),
        ("[[items]]", "[[item]]", "list items is missing"),
        ('basis = "consent"', 'basis = "consent"\nmore = 1', "list.items[0] has unknown"),
        ("[[1, 24], [24]]", "[[true], [24]]", "list.items[0] names a type"),
        ("[[1, 24], [24]]", '[["1"], [24]]', "list.items[0] names a type"),
        ("[[1, 24], [24]]", "[[1, 24], []]", "list.items[0] has an empty requirement"),
        ("[[1, 24], [24]]", "[[1, 24, 1], [24]]", "list.items[0] has an empty requirement"),
        ("[[1, 24], [24]]", "[[24]]", "list.items[0] must name elements"),
        ("[[1, 24], [24]]", "[]", "list.items[0] must name elements"),
        ("follow_up = [24]", "follow_up = [2]", "list.items[0] must name elements"),
        ("follow_up = [24]", "follow_up = [38]", "list.items[0] names a type"),
        ("EC-0100", "EC-01000", "list.items[0] has no code"),
        ("EC-0100", "ec-0100", "list.items[0] has no code"),
        ('["310000", "3205"]', "[]", "list.items[0] has no code"),
        ('["310000", "3205"]', '["310000", "0"]', "list.items[0] names a division"),
        ('24 = ["BDCQZH"]', "24 = []", "list.items[0].elements 24"),
        ('24 = ["BDCQZH"]', '24 = ["BDCQZH", "BDCQZH"]', "list.items[0].elements 24"),
        ('24 = ["BDCQZH"]', '24 = ["BDCQZH", "NONE"]', "list.items[0].elements 24"),
        ('24 = ["BDCQZH"]', '00024 = ["BDCQZH"]', "list.items[0].elements names a type"),
        ('24 = ["BDCQZH"]', '"24x" = ["BDCQZH"]', "list.items[0].elements names a type"),
    ],
)
def test_each_fault_of_a_list_tells_its_place(old: str, new: str, place: str) -> None:
    assert old in LIST
    with pytest.raises(Malformed) as refused:
        parse_items(LIST.replace(old, new, 1).encode())
    assert refused.value.code == "item.form"
    assert refused.value.detail.startswith(place)


def test_of_two_items_with_one_code_there_is_none() -> None:
    twice = LIST + LIST.replace("version = 7\n", "")
    with pytest.raises(Malformed, match=r"^item\.form: list has no items, or one code twice"):
        parse_items(twice.encode())
    both = LIST + LIST.replace("version = 7\n", "").replace("EC-0100", "EC-0101")
    assert list(parse_items(both.encode()).items) == ["EC-0100", "EC-0101"]
