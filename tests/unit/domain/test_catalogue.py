"""The catalogue as it stands: what it holds, how it is looked up, and how a spoilt one is refused."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ecert.domain.catalogue import CATALOGUE, by_code, by_local_name, by_no, parse_catalogue
from ecert.domain.errors import Malformed, NotFound

SOURCE = (files("ecert.domain") / "catalogue.toml").read_bytes()


def test_there_are_37_types_with_400_elements() -> None:
    assert len(CATALOGUE.types) == 37
    assert sum(len(kind.elements) for kind in CATALOGUE.types) == 400


def test_known_national_codes_stand_and_the_others_cannot_be_mistaken() -> None:
    known = {kind.zh: kind.code for kind in CATALOGUE.types if not kind.placeholder}
    assert known == {
        "居民身份证": "11100000000013127D001",
        "营业执照": "11100000MB0143028R001",
        "不动产权证书": "11100000MB03271699001",
        "不动产登记证明": "11100000MB03271699022",
        "道路运输经营许可证": "11100000000019713D008",
        "道路运输从业人员从业资格证": "11100000000019713D071",
        "二级建造师注册证书": "11100000000013338W001",
    }
    assert by_no(2).code == "000000000000000000002"


def test_types_are_found_by_code_and_by_number() -> None:
    assert all(by_code(kind.code) is kind and by_no(kind.no) is kind for kind in CATALOGUE.types)


@pytest.mark.parametrize("no", [0, 38, -1])
def test_there_is_no_other_number(no: int) -> None:
    with pytest.raises(NotFound, match=r"^type\.unknown\b"):
        by_no(no)


def test_there_is_no_other_code() -> None:
    with pytest.raises(NotFound, match=r"^type\.unknown\b"):
        by_code("11100000000013127D002")


@pytest.mark.parametrize(
    ("region", "name", "no"),
    [
        ("31", "身份证", 1),
        ("32", "居民身份证", 1),
        ("31", "上海市居住证", 5),
        ("34", "上海市居住证", 5),
        ("33", "基金法人登记证书", 30),
        ("36", "企业营业执照", 26),
    ],
)
def test_local_names_are_understood(region: str, name: str, no: int) -> None:
    assert by_local_name(region=region, name=name).no == no


def test_the_home_provinces_name_comes_first_and_ambiguous_ones_serve_nobody_else() -> None:
    text = SOURCE.decode()
    for no, region in [(1, "31"), (2, "32")]:
        text += f'[[local_names]]\nno = {no}\nregion = "{region}"\nnames = ["绿卡"]\nsource = "project"\n'
    catalogue = parse_catalogue(text.encode())
    assert catalogue.by_local_name(region="31", name="绿卡").no == 1
    assert catalogue.by_local_name(region="32", name="绿卡").no == 2
    with pytest.raises(NotFound):
        catalogue.by_local_name(region="33", name="绿卡")


def test_mutable_elements_are_the_four_that_change() -> None:
    mutable = {(kind.no, e.key) for kind in CATALOGUE.types for e in kind.elements if e.mutable}
    assert mutable == {(2, "LJJF"), (2, "ZT"), (11, "KZT"), (35, "YYZT")}


def test_an_element_is_found_by_its_key() -> None:
    assert by_no(1).element("XM").zh == "姓名"
    with pytest.raises(NotFound, match=r"^element\.unknown\b"):
        by_no(1).element("NO")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1", "version = 0"),
        ("version = 1", "version = true"),
        ("version = 1", 'version = 1\nstranger = ""'),
        ("no = 37", "no = 38"),
        ('code = "000000000000000000037"', 'code = "000000000000000000036"'),
        ('code = "11100000000013127D001"', 'code = "11100000000013127D00"'),
        ('code = "11100000000013127D001"', 'code = "000000000000000000001"'),
        ('code = "11100000000013127D001"', 'code = "000000000000000000137"'),
        ('holder_kinds = ["person"]', 'holder_kinds = ["robot"]'),
        ('holder_kinds = ["person"]', "holder_kinds = []"),
        ('zh = "居民身份证"', "zh = 1"),
        ('type = "text", max = 100', 'type = "text"'),
        ('type = "text", max = 100', 'type = "prose", max = 100'),
        ('type = "text", max = 100', 'type = "text", max = 0'),
        ('code_set = "GB/T 2261.1"', 'code_set = "GB/T 0"'),
        ('key = "XB"', 'key = "XM"'),
        ('key = "XB"', 'key = "X B"'),
        ('sensitivity = "personal"', 'sensitivity = "secret"'),
        ('term = "steps"', 'term = "stairs"'),
        ('shown = "YXQX"', 'shown = "XM"'),
        ('key = "JYYXQZ", kind = "valid_until"', 'key = "HPHM", kind = "valid_until"'),
        ('kind = "entries", field = "YXQ"', 'kind = "entries", field = "ZL"'),
        ('pattern = "[0129]"', 'pattern = "([0129]+)+"'),
        ('pattern = "[0129]"', 'pattern = "[9-0]"'),
        ('source = "project"', 'source = "rumour"'),
        ('region = "delta"', 'region = "moon"'),
        ('names = ["行驶证"]', 'names = ["身份证"]'),
        ("no = 26\nregion", "no = 38\nregion"),
    ],
)
def test_a_spoilt_catalogue_is_refused(old: str, new: str) -> None:
    text = SOURCE.decode()
    assert old in text
    with pytest.raises(Malformed, match=r"^catalogue\.form\b"):
        parse_catalogue(text.replace(old, new, 1).encode())


def test_a_catalogue_is_known_by_its_bytes() -> None:
    assert parse_catalogue(SOURCE) == CATALOGUE
    assert parse_catalogue(SOURCE + b"\n").sha256 != CATALOGUE.sha256


def test_types_and_releases_can_be_keys_and_a_release_is_shown_without_its_indices() -> None:
    assert {by_no(1): 1, CATALOGUE: 2}[by_no(1)] == 1
    assert ", codes=" not in repr(CATALOGUE)
    assert ", names=" not in repr(CATALOGUE)
