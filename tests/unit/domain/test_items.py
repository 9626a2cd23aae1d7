"""The items as they stand: every type can be shown, nobody sees too much, a spoilt list is refused."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ecert.domain.catalogue import CATALOGUE
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.items import ITEMS, by_item_code, elements_for, parse_items

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
