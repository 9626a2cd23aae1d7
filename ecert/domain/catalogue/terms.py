"""How long a certificate of a type is valid, as rules that a machine applies, not sentences.

A rule gives the latest last day. An authority may put an earlier one on the face (a changed licence keeps the
end of the one that it replaces), never a later one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from ecert.domain.dates import add_years, age_on
from ecert.domain.errors import Malformed

LONG_TERM: Final = "长期"
"""What a face says instead of a last day when there is none."""

Lapse = Literal["valid_until", "entries", "dates_in_text"]
Closes = Literal["same_day", "day_before"]


@dataclass(frozen=True, slots=True)
class ByAge:
    """Years by the holder's age on the first day: (below this age, years), else `then`, None being 长期."""

    ages: tuple[tuple[int, int], ...]
    then: int | None


@dataclass(frozen=True, slots=True)
class Years:
    """A fixed number of years."""

    years: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Years by how often it was renewed: the first, the second and so on, then 长期."""

    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LongTerm:
    """No end, unless the face gives one."""


@dataclass(frozen=True, slots=True)
class OnFace:
    """What the authority put on the face, within `max_years` where the law has a limit."""

    max_years: int | None


Term = ByAge | Years | Steps | LongTerm | OnFace


@dataclass(frozen=True, slots=True)
class ElementRule:
    """An element that lapses by itself: by its date, its entries' `field`, or the dates in its text."""

    key: str
    kind: Lapse
    field: str | None = None


@dataclass(frozen=True, slots=True)
class ValidityRule:
    """A type's rule; `shown` is the element that shows the last day, `closes` where n years end."""

    term: Term
    closes: Closes = "day_before"
    shown: str | None = None
    elements: tuple[ElementRule, ...] = ()
    ends_with: str | None = None
    renewed_by: str | None = None
    review_years: int | None = None
    review_months: tuple[int, ...] = ()
    note: str | None = None


def last_day(
    rule: ValidityRule,
    *,
    first: date,
    born: date | None = None,
    face_last: date | None = None,
    step: int = 0,
) -> date | None:
    """Give the last valid day, None for 长期; `step` counts renewals from 0. Malformed `validity.*`."""
    years = _years(rule.term, first=first, born=born, step=step)
    if face_last is None:
        if isinstance(rule.term, OnFace):
            raise Malformed("validity.on_face")
        return None if years is None else _close(rule.closes, add_years(first, years))
    if face_last < first:
        raise Malformed("validity.order")
    # The anniversary itself is let pass: authorities differ on which of the two days they print.
    if years is not None and face_last > add_years(first, years):
        raise Malformed("validity.too_long")
    return face_last


def _years(term: Term, *, first: date, born: date | None, step: int) -> int | None:
    match term:
        case ByAge(ages, then):
            return _years_by_age(ages, then, first=first, born=born)
        case Years(years):
            return years
        case Steps(steps):
            if step < 0:
                raise Malformed("validity.step")
            return steps[step] if step < len(steps) else None
        case LongTerm():
            return None
        case OnFace(max_years):
            return max_years


def _years_by_age(ages: tuple[tuple[int, int], ...], then: int | None, *, first: date, born: date | None) -> int | None:
    if born is None:
        raise Malformed("validity.needs_birth")
    age = age_on(born=born, on=first)
    return next((years for below, years in ages if age < below), then)


def _close(closes: Closes, anniversary: date) -> date:
    match closes:
        case "same_day":
            return anniversary
        case "day_before":
            return anniversary - timedelta(days=1)
