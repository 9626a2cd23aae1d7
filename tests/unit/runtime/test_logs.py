from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from ecert.runtime.logs import JsonLines, install_logs, log

if TYPE_CHECKING:
    from collections.abc import Iterator

PERSON = "320599198803070011"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Whatever is logged, as it would be written."""
    written: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    kept = Kept()
    kept.setFormatter(JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(kept)
    root.setLevel("DEBUG")
    yield written
    root.removeHandler(kept)
    root.setLevel(level)


def test_a_line_is_an_event_with_listed_fields(lines: list[dict[str, Any]]) -> None:
    log("batch.closed", batch=7, count=1000, region="31", seconds=0.25, code="anchor.pending")
    (line,) = lines
    assert line.pop("time") > 1_500_000_000
    assert line == {
        "level": "info",
        "event": "batch.closed",
        "batch": 7,
        "count": 1000,
        "region": "31",
        "seconds": 0.25,
        "code": "anchor.pending",
    }


def test_a_field_that_is_not_listed_is_refused() -> None:
    with pytest.raises(TypeError, match="no field holder"):
        log("redeemed", holder=PERSON)  # type: ignore[call-arg]  # the fault is the test


@pytest.mark.parametrize("text", [PERSON, f"id {PERSON}", PERSON[:-1] + "X", "李明", "a\nb", "x" * 161, {"a": PERSON}])
def test_what_may_be_personal_is_withheld_even_in_a_listed_field(lines: list[dict[str, Any]], text: str) -> None:
    log("shown", code=text)
    assert lines[0]["code"] == "(withheld)"


def test_foreign_records_lose_message_arguments_and_traceback(lines: list[dict[str, Any]]) -> None:
    foreign = logging.getLogger("somebody.else")
    foreign.warning("refused %s", PERSON)
    foreign.warning(f"refused {PERSON}")  # the fault is the test
    try:
        raise ValueError(PERSON)
    except ValueError as error:
        foreign.exception("while reading %s", PERSON)
        foreign.error(error)  # as servers do
    assert PERSON not in json.dumps(lines)
    assert lines[0]["template"] == "refused %s"
    assert "template" not in lines[1]
    assert [line["error"] for line in lines[2:]] == ["ValueError", "ValueError"]
    assert lines[2]["raised"].startswith(f"{__name__}:")


def test_installed_logs_go_to_standard_error_from_their_level_on(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        install_logs("warning")
        log("quiet")
        log("loud", level=logging.WARNING)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]
