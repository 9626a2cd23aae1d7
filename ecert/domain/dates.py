"""Faces carry civil dates and machines compare seconds; this file is the only bridge between the two.

Face dates are civil dates in UTC+8 (GB/T 7408), instants are Unix seconds, text instants are RFC 3339.

The last day that a face shows is still valid, so `exp` is 00:00 of the day after it. What the last day of
"n years" is differs by certificate and is the catalogue's rule: an identity card of 2016-05-01 shows
2026-05-01 (the same day), a passport of that day shows 2026-04-30 (the day before).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ecert.domain.errors import Malformed

CHINA_OFFSET: Final = 8 * 3600
"""Seconds by which the civil day begins before the day in UTC; China keeps one time, without summer time."""

_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)
_YEARS: Final = range(1800, 9999)
_CIVIL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)


@dataclass(frozen=True, slots=True)
class Validity:
    """A span in Unix seconds: `nbf` is in it, `exp` is not; `exp` None is 长期 (without end)."""

    nbf: int
    exp: int | None


def parse_civil(text: object) -> date:
    """Read "YYYY-MM-DD" of the years 1800 to 9998; `date.form`, `date.range`."""
    if not isinstance(text, str) or not _CIVIL.fullmatch(text):
        raise Malformed("date.form")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Malformed("date.form") from None
    if day.year not in _YEARS:
        raise Malformed("date.range")
    return day


def parse_instant(text: object) -> int:
    """Read RFC 3339, or a civil date as its first second in UTC+8, to Unix seconds; `instant.form`."""
    if isinstance(text, str) and _CIVIL.fullmatch(text):
        return start_of_day(parse_civil(text))
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Malformed("instant.form")
    day, time, zone = found.groups()
    parse_civil(day)
    try:
        return int(datetime.fromisoformat(f"{day}T{time}{zone.upper()}").timestamp())
    except ValueError:
        raise Malformed("instant.form") from None


def format_instant(unix: int) -> str:
    """Write Unix seconds as RFC 3339 in UTC; `instant.range` outside the calendar."""
    try:
        return f"{datetime.fromtimestamp(unix, UTC).replace(tzinfo=None).isoformat()}Z"
    except (OverflowError, ValueError, OSError):
        raise Malformed("instant.range") from None


def start_of_day(day: date) -> int:
    """Give the Unix second of 00:00 UTC+8 of a civil day."""
    return (day - _EPOCH).days * _DAY - CHINA_OFFSET


def civil_day(unix: int) -> date:
    """Give the civil day in UTC+8 that an instant falls on; `instant.range` outside the calendar."""
    try:
        return _EPOCH + timedelta(days=(unix + CHINA_OFFSET) // _DAY)
    except OverflowError:
        raise Malformed("instant.range") from None


def civil_moment(unix: int) -> str:
    """Write an instant as civil date and time in UTC+8, "YYYY-MM-DD HH:MM:SS"; `instant.range`."""
    return format_instant(unix + CHINA_OFFSET).replace("T", " ").removesuffix("Z")


def validity(first: date, last: date | None) -> Validity:
    """Give the span from the first day to the last, both included; `validity.order`."""
    if last is None:
        return Validity(start_of_day(first), None)
    if last < first:
        raise Malformed("validity.order")
    return Validity(start_of_day(first), start_of_day(last) + _DAY)


def add_years(day: date, years: int) -> date:
    """Give the same day `years` later, 29 February becoming 28 February; `date.range` past the year 9998."""
    year = day.year + years
    if year not in _YEARS:
        raise Malformed("date.range")
    if (day.month, day.day) == (2, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return day.replace(year=year)


def age_on(*, born: date, on: date) -> int:
    """Give the full years of age that a person has on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
