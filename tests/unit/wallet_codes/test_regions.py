"""The four regions are data, and a fifth needs no code."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ecert.domain.errors import Malformed, NotFound
from ecert.runtime.settings import REGIONS as MEMBERS
from wallet_codes.codecs import CODECS
from wallet_codes.regions import REGIONS, by_code, by_number, by_typed_digit, parse_regions

SOURCE = files("wallet_codes").joinpath("regions.toml").read_text("utf-8")
FIFTH = """
[[region]]
number = 36
division = "360000"
zh = "江西省"
en = "Jiangxi"
code = "ganfutong"
code_zh = "赣服通"
caption_zh = "赣服通"
caption_en = "Jiangxi certificate code"
typed_digit = 6
words = {used = "二维码已失效", expired = "二维码已过期", unknown = "二维码无法识别"}
"""


def test_four_regions_open_their_divisions() -> None:
    assert [str(region.number) for region in REGIONS] == list(MEMBERS) == ["31", "32", "33", "34"]
    assert all(region.division.startswith(str(region.number)) for region in REGIONS)


def test_each_region_has_a_codec_and_is_found_by_each_name() -> None:
    for region in REGIONS:
        assert region.code in CODECS
        assert by_number(region.number) is by_code(region.code) is by_typed_digit(region.typed_digit) is region


def test_used_and_expired_are_said_in_the_words_of_the_field() -> None:
    assert all(region.words["used"] == "二维码已失效" for region in REGIONS)
    assert all(region.words["expired"] == "二维码已过期" for region in REGIONS)


def test_unknown_names_are_not_found() -> None:
    for look_up in (lambda: by_number(36), lambda: by_code("none"), lambda: by_typed_digit(9)):
        with pytest.raises(NotFound, match=r"code\.region"):
            look_up()


def test_a_fifth_region_is_one_more_table() -> None:
    assert parse_regions((SOURCE + FIFTH).encode())[4].zh == "江西省"


@pytest.mark.parametrize("clash", ["number = 36", 'code = "ganfutong"', "typed_digit = 6"])
def test_two_regions_cannot_share_a_name(clash: str) -> None:
    taken = {"number = 36": "number = 31", 'code = "ganfutong"': 'code = "sufuma"'}.get(clash, "typed_digit = 1")
    division = "310000" if clash == "number = 36" else "360000"
    with pytest.raises(Malformed, match="share"):
        parse_regions((SOURCE + FIFTH.replace(clash, taken).replace("360000", division)).encode())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("number = 36", "number = 35"),
        ("number = 36", 'number = "36"'),
        ("typed_digit = 6", "typed_digit = 10"),
        ('code = "ganfutong"', 'code = "ganfutong"\nunknown = 1'),
        ('code = "ganfutong"', ""),
        ("[[region]]", "[region]"),
    ],
)
def test_a_table_that_is_not_of_its_form_is_named(right: str, wrong: str) -> None:
    assert right in FIFTH
    with pytest.raises(Malformed, match=r"code\.regions"):
        parse_regions((SOURCE + FIFTH.replace(right, wrong)).encode())
