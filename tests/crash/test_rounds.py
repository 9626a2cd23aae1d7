"""What the rounds measure with, and the list that they go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from tests.crash.rounds import heights
from tests.crash.rounds.planning import ERA, Kind, full, short

if TYPE_CHECKING:
    from pathlib import Path

CAME = [(100.0, 1), (101.0, 2), (102.5, 3), (109.0, 4), (109.5, 5)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lines = [orjson.dumps(came) + b"\n" for came in CAME]
    (tmp_path / heights.HEIGHTS).write_bytes(b"".join(lines) + b"[110.0,")  # killed while it wrote
    return tmp_path


@pytest.mark.parametrize(
    ("since", "until", "gap"),
    [
        (100.5, 102.0, 1.0),  # begins with the block before, ends without one
        (101.5, 104.0, 1.5),
        (102.0, 109.2, 6.5),
        (103.0, 108.0, 5.5),  # no block at all: counted from the last one before
        (109.6, 120.0, 10.5),
    ],
)
def test_a_gap_is_counted_from_the_last_block_to_the_end(home: Path, since: float, until: float, gap: float) -> None:
    assert heights.longest_gap(home, since=since, until=until) == pytest.approx(gap)


def test_the_height_at_a_moment_is_the_newest_until_then(home: Path) -> None:
    assert [heights.standing_at(home, at) for at in (100.0, 102.4, 108.9, 200.0)] == [1, 2, 3, 5]


def test_fifty_rounds_are_the_same_each_time_and_every_kind_is_among_them() -> None:
    rounds = full()

    assert rounds == full()
    assert len(rounds) == 50
    assert {part.kind for part in rounds} == set(Kind)
    assert {number for part in rounds for number in part.falling} == {0, 1, 2, 3}
    assert [part.number % ERA for part in rounds if part.is_last] == [ERA - 1] * (50 // ERA)


def test_the_short_form_wipes_stands_and_restores() -> None:
    one, two, four = short()

    assert (one.kind, len(two.falling), len(four.falling), four.is_last) == (Kind.WIPED, 2, 4, True)
