"""What may stand on a face before it is signed, what may not, and how long it all holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ecert.domain.catalogue import (
    CATALOGUE,
    by_no,
    check_elements,
    check_mutable,
    lapsed_elements,
    last_day,
    shown_last_day,
)
from ecert.domain.errors import Malformed

LI = {
    "XM": "李示例",
    "XB": "1",
    "MZ": "01",
    "CSRQ": "1988-03-07",
    "GMSFHM": "320599198803070011",
    "YXQQSRQ": "2016-05-01",
    "YXQJZRQ": "2036-05-01",
    "ZP": {"media_type": "image/jpeg", "sha256": "0" * 64},
}


def test_a_right_face_passes_in_the_catalogues_order() -> None:
    shuffled = dict(reversed(LI.items()))
    assert list(check_elements(by_no(1), shuffled).items()) == list(LI.items())


@pytest.mark.parametrize(
    ("no", "key", "value"),
    [
        (1, "YXQJZRQ", "长期"),
        (1, "ZP", "/9j/4AAQSkZJRg=="),
        (2, "YXQX", {"from": "2020-01-01", "to": "长期"}),
        (3, "ZZL", 1_500),
        (6, "GJM", "CHN"),
        (10, "CSSJ", "2018-05-01T08:30:00+08:00"),
        (11, "FKD", "310118"),
        (19, "BZJE", "1470.00"),
        (20, "NDKH", [{"ND": 2024, "JG": "称职"}]),
        (23, "ZH", "T320599198803070011"),
        (24, "QLR", [{"CZZT": "李示例", "CZZTDMLXDM": "001"}]),
        (24, "FJ", "一\n二"),
        (26, "TYSHXYDM", "91350100M000100Y43"),
        (26, "YYQX", {"from": "2020-01-01", "to": "长期"}),
        (31, "JYXM", [{"value": "热食类食品制售"}]),
    ],
)
def test_right_values_pass(no: int, key: str, value: object) -> None:
    assert check_elements(by_no(no), {key: value}) == {key: value}


@pytest.mark.parametrize(
    ("no", "key", "value", "code"),
    [
        (1, "NO", "x", "element.unknown"),
        (1, "XM", 1, "element.type"),
        (1, "XM", "", "element.type"),
        (1, "XM", "李\u0000", "element.type"),
        (1, "XM", "李" * 101, "element.length"),
        (1, "XB", "3", "element.code"),
        (1, "MZ", "汉", "element.code"),
        (1, "CSRQ", "1988-02-30", "element.date"),
        (1, "CSRQ", "长期", "element.date"),
        (1, "GMSFHM", "320599198803070012", "resident_id.check"),
        (1, "ZP", "x" * 65_537, "element.length"),
        (1, "ZP", "no base64", "element.type"),
        (1, "ZP", {"media_type": "image/svg+xml", "sha256": "0" * 64}, "element.format"),
        (1, "ZP", {"media_type": "image/png"}, "element.type"),
        (2, "ZT", "A", "element.mutable"),
        (3, "ZZL", True, "element.type"),
        (3, "ZZL", -1, "element.length"),
        (3, "ZZL", 1_000_000, "element.length"),
        (5, "YXQ", {"from": "2020-01-01", "to": "长期"}, "element.date"),
        (5, "YXQ", {"from": "2020-01-02", "to": "2020-01-01"}, "validity.order"),
        (5, "YXQ", {"from": "2020-01-02"}, "element.type"),
        (10, "CSSJ", "2018-05-01", "element.date"),
        (19, "BZJE", "1470.001", "element.format"),
        (19, "BZJE", 1470, "element.format"),
        (19, "BZJE", "１", "element.format"),
        (20, "NDKH", {"ND": 2024}, "element.type"),
        (20, "NDKH", [{"ND": "2024"}], "element.type"),
        (20, "NDKH", [{"ND": 2024}] * 201, "element.length"),
        (20, "NDKH", ["x"], "element.type"),
        (23, "ZH", "X320599198803070011", "element.format"),
        (26, "LX", "x" * 41, "element.code"),
        (26, "TYSHXYDM", "91350100M000100Y44", "uscc.check"),
    ],
)
def test_wrong_values_are_refused(no: int, key: str, value: object, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        check_elements(by_no(no), {key: value})
    assert caught.value.code == code


def test_mutable_elements_are_checked_apart() -> None:
    assert check_mutable(by_no(2), {"LJJF": 3, "ZT": "A"}) == {"LJJF": 3, "ZT": "A"}
    with pytest.raises(Malformed, match=r"^element\.not_mutable\b"):
        check_mutable(by_no(2), {"XM": "李示例"})


FIRST = date(2016, 5, 1)


@pytest.mark.parametrize(
    ("no", "born", "step", "last"),
    [
        (1, date(2000, 5, 2), 0, date(2021, 5, 1)),
        (1, date(2000, 5, 1), 0, date(2026, 5, 1)),
        (1, date(1990, 1, 1), 0, date(2036, 5, 1)),
        (1, date(1970, 1, 1), 0, None),
        (2, None, 0, date(2022, 5, 1)),
        (2, None, 1, date(2026, 5, 1)),
        (2, None, 2, None),
        (6, date(1990, 1, 1), 0, date(2026, 4, 30)),
        (8, None, 0, None),
        (26, None, 0, None),
        (31, None, 0, date(2021, 4, 30)),
    ],
)
def test_the_last_day_follows_the_types_rule(no: int, born: date | None, step: int, last: date | None) -> None:
    assert last_day(by_no(no).validity, first=FIRST, born=born, step=step) == last


def test_a_certificate_that_nobody_renewed_has_the_first_term() -> None:
    assert last_day(by_no(2).validity, first=FIRST) == date(2022, 5, 1)


def test_a_face_may_shorten_the_rule_and_never_stretch_it() -> None:
    rule = by_no(31).validity
    assert last_day(rule, first=FIRST, face_last=date(2017, 1, 1)) == date(2017, 1, 1)
    assert last_day(rule, first=FIRST, face_last=date(2021, 5, 1)) == date(2021, 5, 1)
    with pytest.raises(Malformed, match=r"^validity\.too_long\b"):
        last_day(rule, first=FIRST, face_last=date(2021, 5, 2))
    with pytest.raises(Malformed, match=r"^validity\.order\b"):
        last_day(rule, first=FIRST, face_last=date(2016, 4, 30))


def test_a_rule_asks_for_what_it_lacks() -> None:
    with pytest.raises(Malformed, match=r"^validity\.needs_birth\b"):
        last_day(by_no(1).validity, first=FIRST)
    with pytest.raises(Malformed, match=r"^validity\.on_face\b"):
        last_day(by_no(28).validity, first=FIRST)
    with pytest.raises(Malformed, match=r"^validity\.step\b"):
        last_day(by_no(2).validity, first=FIRST, step=-1)


def test_the_law_limits_what_a_face_may_say() -> None:
    assert last_day(by_no(28).validity, first=FIRST, face_last=date(2020, 4, 30)) == date(2020, 4, 30)
    with pytest.raises(Malformed, match=r"^validity\.too_long\b"):
        last_day(by_no(28).validity, first=FIRST, face_last=date(2022, 1, 1))


def test_the_face_shows_its_last_day() -> None:
    assert shown_last_day(by_no(1), LI) == date(2036, 5, 1)
    assert shown_last_day(by_no(1), {"YXQJZRQ": "长期"}) is None
    assert shown_last_day(by_no(5), {"YXQ": {"from": "2020-01-01", "to": "2020-12-31"}}) == date(2020, 12, 31)
    assert shown_last_day(by_no(8), {"DJRQ": "2020-01-01"}) is None


@pytest.mark.parametrize(
    ("no", "elements", "lapsed"),
    [
        (3, {"JYYXQZ": "2024-12-31"}, ("JYYXQZ",)),
        (3, {"JYYXQZ": "2025-01-01"}, ()),
        (3, {}, ()),
        (7, {"QZ": [{"YXQ": {"from": "2024-01-01", "to": "2024-12-31"}}, {"ZL": "旅游"}]}, ("QZ[0]",)),
        (22, {"SYYXQ": {"from": "2024-07-01", "to": "2024-12-27"}, "ZCZY": []}, ("SYYXQ",)),
        (24, {"SYQX": "国有建设用地使用权 1995年3月1日起2024年12月31日止"}, ("SYQX",)),
        (24, {"SYQX": "1995-03-01起2065-02-28止"}, ()),
        (24, {"SYQX": "无固定期限"}, ()),
    ],
)
def test_elements_lapse_by_themselves(no: int, elements: dict[str, object], lapsed: tuple[str, ...]) -> None:
    assert lapsed_elements(by_no(no), elements, on=date(2025, 1, 1)) == lapsed


def test_an_element_that_is_no_date_is_malformed() -> None:
    with pytest.raises(Malformed):
        lapsed_elements(by_no(3), {"JYYXQZ": "soon"}, on=date(2025, 1, 1))


@pytest.mark.parametrize(
    ("no", "key", "value"),
    [
        (1, "XM", "李" * 100),
        (1, "ZP", "x" * 65_536),
        (3, "ZZL", 0),
        (3, "ZZL", 999_999),
        (5, "YXQ", {"from": "2020-01-01", "to": "2020-01-01"}),
        (19, "BZJE", "12345678.90"),
        (19, "BZJE", "0.1"),
        (20, "NDKH", [{"ND": 2024}] * 200),
        (20, "NDKH", []),
        (30, "KBZJ", "123456789012.123456"),
    ],
)
def test_values_at_their_bounds_pass(no: int, key: str, value: object) -> None:
    if key == "KBZJ":
        no = next(kind.no for kind in CATALOGUE.types for element in kind.elements if element.key == key)
    assert check_elements(by_no(no), {key: value}) == {key: value}


@pytest.mark.parametrize(
    ("no", "key", "value", "code"),
    [
        (2, "YXQX", {"from": "长期", "to": "长期"}, "element.date"),
        (2, "YXQX", {"from": 1, "to": "长期"}, "element.date"),
        (10, "CSSJ", "2018-13-01T08:30:00+08:00", "element.date"),
        (10, "CSSJ", "2018-05-01T25:30:00+08:00", "element.date"),
        (10, "CSSJ", "T", "element.date"),
        (19, "BZJE", "123456789", "element.format"),
        (19, "BZJE", "123456789.00", "element.format"),
        (19, "BZJE", "1.", "element.format"),
        (1, "ZP", {"media_type": "image/png", "sha256": None}, "element.format"),
        (1, "ZP", {"media_type": "image/png", "sha256": "g" * 64}, "element.format"),
        (1, "ZP", {"media_type": "image/png", "sha256": "0" * 63}, "element.format"),
        (1, "ZP", {"media_type": "image/png", "sha256": "0" * 65}, "element.format"),
        (1, "ZP", 7, "element.type"),
        (1, "ZP", "/9j/===", "element.type"),
        (1, "ZP", "", "element.type"),
    ],
)
def test_what_is_beyond_is_refused_by_its_element(no: int, key: str, value: object, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        check_elements(by_no(no), {key: value})
    assert (caught.value.code, caught.value.detail) == (code, key)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png"])
def test_pictures_elsewhere_are_named_by_their_digest(media_type: str) -> None:
    for digest in ("0123456789abcdef" * 4, "f" * 64):
        value = {"media_type": media_type, "sha256": digest}
        assert check_elements(by_no(1), {"ZP": value}) == {"ZP": value}


@pytest.mark.parametrize(("key", "told"), [("NOPE", "NOPE"), ("A" * 16, "A" * 16), ("A" * 17, ""), ("no", ""), (1, "")])
def test_an_unknown_key_is_repeated_only_if_it_is_plainly_a_key(key: str, told: str) -> None:
    with pytest.raises(Malformed) as caught:
        check_elements(by_no(1), {key: "x"})
    assert (caught.value.code, caught.value.detail) == ("element.unknown", told)


def test_what_is_no_face_is_refused() -> None:
    with pytest.raises(Malformed, match=r"^element\.type$"):
        check_elements(by_no(1), [])  # type: ignore[arg-type]  # a wrong type is the test


@pytest.mark.parametrize(
    ("no", "elements", "code"),
    [(7, {"QZ": {}}, "element.type: QZ"), (24, {"SYQX": 1}, "element.type"), (24, {"SYQX": "2024-13-01"}, "date.form")],
)
def test_what_cannot_lapse_keeps_its_code(no: int, elements: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        lapsed_elements(by_no(no), elements, on=date(2025, 1, 1))
    assert str(caught.value) == code


@pytest.mark.parametrize(
    ("text", "lapsed"),
    [
        ("2024年1月1日", True),
        ("2024-01-01", True),
        ("2024年01-1", True),
        ("2025-01-01", False),
        ("2024年1月1日 2026年1月1日 2023年1月1日", False),
        ("2024.01.01", False),
        ("24-01-01", False),
        ("2024年1月31", True),
    ],
)
def test_the_latest_date_in_a_text_counts(text: str, *, lapsed: bool) -> None:
    assert lapsed_elements(by_no(24), {"SYQX": text}, on=date(2025, 1, 1)) == (("SYQX",) if lapsed else ())


def test_a_face_may_end_on_its_first_day_and_not_before() -> None:
    rule = by_no(28).validity
    assert last_day(rule, first=FIRST, face_last=FIRST) == FIRST
    with pytest.raises(Malformed, match=r"^validity\.order\b"):
        last_day(rule, first=FIRST, face_last=FIRST - timedelta(days=1))


def test_a_face_that_does_not_show_its_last_day_has_none() -> None:
    assert shown_last_day(by_no(1), {}) is None
    assert shown_last_day(by_no(8), {}) is None
