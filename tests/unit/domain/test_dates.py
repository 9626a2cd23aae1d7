"""Civil days in UTC+8 against seconds, at the edges where they are usually confused."""

from __future__ import annotations

import time
from datetime import date

import pytest

from ecert.domain import dates
from ecert.domain.errors import Malformed


def test_a_day_begins_at_midnight_in_utc_plus_8() -> None:
    assert dates.start_of_day(date(2025, 1, 1)) == 1_735_660_800  # 2024-12-31T16:00:00Z


def test_the_day_turns_at_16_o_clock_utc() -> None:
    assert dates.civil_day(1_735_660_799) == date(2024, 12, 31)
    assert dates.civil_day(1_735_660_800) == date(2025, 1, 1)


def test_the_last_day_is_still_valid() -> None:
    span = dates.validity(date(2025, 1, 1), date(2025, 1, 1))
    assert (span.nbf, span.exp) == (1_735_660_800, 1_735_660_800 + 86_400)


def test_long_term_has_no_end() -> None:
    assert dates.validity(date(2025, 1, 1), None) == dates.Validity(1_735_660_800, None)


def test_a_validity_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Malformed, match=r"^validity\.order\b"):
        dates.validity(date(2025, 1, 2), date(2025, 1, 1))


@pytest.mark.parametrize("text", ["2025-02-29", "2025-1-1", "20250101", "2025-01-01 ", "２０２５-01-01", None, 5])
def test_what_is_no_date_is_refused(text: object) -> None:
    with pytest.raises(Malformed, match=r"^date\.form\b"):
        dates.parse_civil(text)


@pytest.mark.parametrize("text", ["1799-12-31", "9999-01-01"])
def test_years_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match=r"^date\.range\b"):
        dates.parse_civil(text)
    with pytest.raises(Malformed, match=r"^date\.range\b"):
        dates.parse_instant(f"{text}T00:00:00Z")


def test_an_instant_is_written_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        written = dates.format_instant(1_735_660_800)
    time.tzset()
    assert written == "2024-12-31T16:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01",
        "2025-01-01T00:00:00+08:00",
        "2024-12-31T16:00:00Z",
        "2024-12-31t16:00:00z",
        "2024-12-31T16:00:00.999999999Z",
        "2024-12-31T11:00:00-05:00",
    ],
)
def test_one_instant_has_many_texts(text: str) -> None:
    assert dates.parse_instant(text) == 1_735_660_800


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01T00:00:00",
        "2025-01-01T24:00:00Z",
        "2025-01-01T00:00:60Z",
        "2025-01-01T00:00:00+24:00",
        "2025-01-01T00:00:00+08:60",
        "2025-01-01T00:00:00-00:75",
        "",
        0,
    ],
)
def test_what_is_no_instant_is_refused(text: object) -> None:
    with pytest.raises(Malformed, match=r"^instant\.form\b"):
        dates.parse_instant(text)


def test_instants_are_written_in_utc() -> None:
    assert dates.format_instant(1_735_660_800) == "2024-12-31T16:00:00Z"


@pytest.mark.parametrize("unix", [10**15, -(10**15), 10**30])
def test_instants_outside_the_calendar_are_refused(unix: int) -> None:
    with pytest.raises(Malformed, match=r"^instant\.range\b"):
        dates.civil_day(unix)
    with pytest.raises(Malformed, match=r"^instant\.range\b"):
        dates.format_instant(unix)


def test_years_are_added_to_the_same_day() -> None:
    assert dates.add_years(date(2016, 5, 1), 10) == date(2026, 5, 1)
    assert dates.add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert dates.add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)


def test_years_beyond_the_range_are_refused() -> None:
    with pytest.raises(Malformed, match=r"^date\.range\b"):
        dates.add_years(date(2016, 5, 1), 9000)


def test_age_is_reached_on_the_birthday() -> None:
    assert dates.age_on(born=date(2009, 5, 2), on=date(2025, 5, 1)) == 15
    assert dates.age_on(born=date(2009, 5, 2), on=date(2025, 5, 2)) == 16


@pytest.mark.parametrize("text", ["1800-01-01", "9998-12-31", "2024-02-29"])
def test_the_first_and_the_last_day_are_read(text: str) -> None:
    assert dates.parse_civil(text).isoformat() == text


def test_years_are_added_within_the_range() -> None:
    assert dates.add_years(date(9997, 3, 1), 1) == date(9998, 3, 1)
    assert dates.add_years(date(1801, 3, 1), -1) == date(1800, 3, 1)
    assert dates.add_years(date(2023, 2, 28), 1) == date(2024, 2, 28)
    for day, years in ((date(9998, 3, 1), 1), (date(1800, 3, 1), -1), (date(2024, 2, 29), 7975)):
        with pytest.raises(Malformed, match=r"^date\.range$"):
            dates.add_years(day, years)


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01 00:00:00Z",
        "2025-01-01T00:00:00.Z",
        "2025-01-01T00:00:00.1234567890Z",
        "2025-01-01T00:00:00+0800",
        "2025-01-01T00:00Z",
        "x2025-01-01T00:00:00Z",
        "2025-01-01T00:00:00Zx",
        "2025-01-01T00:00:00x08:00",
        "2025-1-01T00:00:00Z",
        "2025-01-01T0:00:00Z",
    ],
)
def test_other_texts_are_no_instants(text: str) -> None:
    with pytest.raises(Malformed, match=r"^instant\.form$"):
        dates.parse_instant(text)


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.1Z", 0),
        ("1970-01-01t23:59:59.123456789z", 86_399),
        ("1970-01-01T00:00:00-23:59", 86_340),
        ("1970-01-01T09:59:59+09:59", 59),
        ("1970-01-01T09:09:00+09:09", 0),
        ("1970-01-02", 57_600),
    ],
)
def test_instants_by_hand(text: str, unix: int) -> None:
    assert dates.parse_instant(text) == unix


def test_seconds_and_days_meet_at_the_epoch() -> None:
    assert dates.CHINA_OFFSET == 28_800
    assert dates.start_of_day(date(1970, 1, 1)) == -28_800
    assert (dates.civil_day(-28_800), dates.civil_day(-28_801)) == (date(1970, 1, 1), date(1969, 12, 31))
    assert (dates.format_instant(0), dates.format_instant(-1)) == ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z")
    assert dates.validity(date(1970, 1, 1), date(1970, 1, 2)) == dates.Validity(-28_800, 144_000)


@pytest.mark.parametrize(("on", "age"), [((2025, 5, 1), 0), ((2025, 6, 1), 1), ((2026, 5, 2), 2), ((2026, 4, 30), 1)])
def test_age_by_month_and_day(on: tuple[int, int, int], age: int) -> None:
    assert dates.age_on(born=date(2024, 5, 2), on=date(*on)) == age


def test_a_moment_is_civil_time_in_china() -> None:
    assert dates.civil_moment(1_750_003_199) == "2025-06-15 23:59:59"
    assert dates.civil_moment(1_750_003_200) == "2025-06-16 00:00:00"
