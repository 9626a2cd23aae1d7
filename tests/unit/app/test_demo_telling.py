from __future__ import annotations

import io
from dataclasses import replace

from ecert.app.demo.cases import CASES
from ecert.app.demo.command import exit_code
from ecert.app.demo.expectations import Expectation, as_json, not_run
from ecert.app.demo.telling import Teller, table

HELD = Expectation("row", CASES[0].want.kind.code, "32", "ES256", "sufuma", "accept", "accept", held=True)


def test_the_command_ends_with_0_only_if_everything_held() -> None:
    missed, unrun = replace(HELD, got="refuse", held=False), not_run(CASES[0])

    assert exit_code([HELD, HELD]) == 0
    assert exit_code([HELD, missed]) == 1
    assert exit_code([HELD, unrun]) == 3
    assert exit_code([unrun, missed]) == 1


def test_a_row_that_was_not_run_is_no_expectation_kept() -> None:
    row = not_run(CASES[0])

    assert (row.got, row.held, row.expected) == ("not_run", False, "accept")
    assert as_json([HELD, row])["summary"] == {
        "expectations": 2,
        "held": 1,
        "missed": 0,
        "accept": 1,
        "refuse": 0,
        "cannot_decide": 0,
        "not_run": 1,
    }


def test_the_table_stands_in_columns_though_chinese_is_wide() -> None:
    lines = table([(CASES[0], HELD), (CASES[11], replace(HELD, got="refuse", held=False))])

    assert "接受 accept" in lines[2]
    assert "不接受 refuse ≠ 接受 accept" in lines[3]
    assert lines[3].startswith("✗")


def test_what_is_for_people_is_not_printed_beside_json() -> None:
    progress = io.StringIO()
    teller = Teller(None, progress, rows=1)
    teller.say("a story")
    teller.row(HELD)

    assert "[  1/1] row: ok" in progress.getvalue()
    assert "story" not in progress.getvalue()
