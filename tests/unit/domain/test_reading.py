"""A list of the house is read key by key: what is absent, of another kind, out of bounds or left over is told where."""

from __future__ import annotations

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.reading import Table, parse_toml


def table(**values: object) -> Table:
    return Table(values, code="list.form", where="list")


def told(fault: pytest.ExceptionInfo[Malformed]) -> tuple[str, str]:
    return fault.value.code, fault.value.detail


def test_a_value_is_taken_once() -> None:
    read = table(a=1, b="x", c=True)
    assert read.names() == ("a", "b", "c")
    assert (read.take("a", int), read.take("b", str), read.take("c", bool)) == (1, "x", True)
    assert read.names() == ()
    read.end()
    with pytest.raises(Malformed) as caught:
        read.take("a", int)
    assert told(caught) == ("list.form", "list a is missing or no int")


def test_the_table_given_is_left_as_it_was() -> None:
    given = {"a": 1}
    Table(given, code="list.form", where="list").take("a", int)
    assert given == {"a": 1}


@pytest.mark.parametrize("value", [None, True, 1.0, "1"])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(Malformed, match=r"^list\.form: list a is missing or no int$"):
        table(a=value).take("a", int)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        Table([], code="other.form", where="rows[3]")
    assert told(caught) == ("other.form", "rows[3] is no table")


def test_what_may_be_absent_is_none_and_else_what_it_must_be() -> None:
    assert table().may("a", str) is None
    assert table(a="x").may("a", str) == "x"
    assert table().may_size("a") is None
    assert table(a=7).may_size("a") == 7
    with pytest.raises(Malformed):
        table(a=1).may("a", str)
    with pytest.raises(Malformed):
        table(a=0).may_size("a")


def test_a_list_holds_one_kind() -> None:
    assert table(a=["x", "y"]).each("a", str) == ("x", "y")
    assert table().each("a", str) == ()
    for wrong in (["x", 1], [1], "x"):
        with pytest.raises(Malformed, match=r"^list\.form: list a is "):
            table(a=wrong).each("a", str)


def test_a_choice_is_one_of_its_words() -> None:
    assert table(a="y").choice("a", ("x", "y")) == "y"
    for wrong in ("z", "", 1):
        with pytest.raises(Malformed, match=r"^list\.form\b"):
            table(a=wrong).choice("a", ("x", "y"))


@pytest.mark.parametrize(("number", "is_size"), [(0, False), (1, True), (10_000, True), (10_001, False), (True, False)])
def test_a_size_has_bounds(number: int, *, is_size: bool) -> None:
    if is_size:
        assert table(a=number).size("a") == number
    else:
        with pytest.raises(Malformed, match=r"^list\.form: list a is "):
            table(a=number).size("a")


def test_tables_in_a_table_know_their_place() -> None:
    first, second = table(rows=[{"n": 1}, {"n": 2}]).tables("rows")
    assert (first.where, second.where) == ("list.rows[0]", "list.rows[1]")
    assert (first.size("n"), second.size("n")) == (1, 2)
    with pytest.raises(Malformed) as caught:
        second.take("x", str)
    assert told(caught) == ("list.form", "list.rows[1] x is missing or no str")
    assert table().tables("rows") == ()
    inner = table(row={"n": 3}).table("row")
    assert (inner.where, inner.size("n")) == ("list.row", 3)
    with pytest.raises(Malformed, match=r"^list\.form: list\.row m "):
        inner.take("m", str)
    with pytest.raises(Malformed, match=r"^list\.form: list row "):
        table().table("row")


def test_what_nobody_took_is_refused_by_name() -> None:
    with pytest.raises(Malformed) as caught:
        table(b=1, a=2).end()
    assert told(caught) == ("list.form", "list has unknown keys ['a', 'b']")


def test_an_error_s_words_are_bounded() -> None:
    assert table().fault("x" * 300).detail == "list " + "x" * 195


def test_toml_is_bytes_of_bounded_size() -> None:
    assert parse_toml(b"a = 1", code="list.form").size("a") == 1
    assert parse_toml("é = 1".replace("é", "e").encode() + b"# \xc3\xa9", code="list.form").where == "list"
    largest = b"a = 1\n#" + b" " * (4 * 1024 * 1024 - 7)
    assert parse_toml(largest, code="list.form").size("a") == 1
    for wrong in (largest + b" ", "a = 1", None, b"a = ", b"\xff", b"a = 1\na = 2", b"x = " + b"[" * 3000):
        with pytest.raises(Malformed, match=r"^list\.form\b"):
            parse_toml(wrong, code="list.form")


def test_a_line_has_at_most_64_dots() -> None:
    deepest = ".".join(["a"] * 65)
    assert parse_toml(f"{deepest} = 1\n{deepest.replace('a', 'b')} = 1".encode(), code="list.form").names() == (
        "a",
        "b",
    )
    with pytest.raises(Malformed, match=r"^list\.form: too many dots on one line$"):
        parse_toml(f"{deepest}.a = 1".encode(), code="list.form")
    with pytest.raises(Malformed) as caught:
        parse_toml(b"a = [1]\n[b]\na = []\na = 3", code="list.form")
    assert caught.value.code == "list.form"


def test_a_fault_in_toml_names_the_list() -> None:
    with pytest.raises(Malformed) as caught:
        parse_toml(b"a = 1", code="list.form").take("b", str)
    assert told(caught) == ("list.form", "list b is missing or no str")
