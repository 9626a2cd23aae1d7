"""Elements, code sets, names and rules are read from small tables: every field arrives, every fault is found."""

from __future__ import annotations

import re

import pytest

from ecert.domain.catalogue.elements import parse_code_sets, parse_elements
from ecert.domain.catalogue.kinds import CodeSet, Element
from ecert.domain.errors import Malformed
from ecert.domain.reading import Table

SEX = CodeSet("sex", re.compile("[0129]"), "a note")
SETS = {"sex": SEX, "other": CodeSet("other", re.compile("x"), "")}
NAME = {"key": "XM", "zh": "姓名", "en": "name", "type": "text", "max": 100, "sensitivity": "personal"}


def table(**values: object) -> Table:
    return Table(values, code="list.form", where="list")


def read(**changed: object) -> Element:
    row = {key: value for key, value in (NAME | changed).items() if value is not None}
    (element,) = parse_elements(table(elements=[row]), "elements", SETS)
    return element


def refused(**changed: object) -> bool:
    with pytest.raises(Malformed) as caught:
        read(**changed)
    assert caught.value.detail.startswith("list.elements[0] ")
    return caught.value.code == "list.form"


def test_code_sets_are_read_by_name() -> None:
    sets = parse_code_sets(table(sex={"pattern": "[0129]", "note": "a note"}, none={"pattern": "A{3}", "note": ""}))
    assert sets == {"sex": SEX, "none": CodeSet("none", re.compile("A{3}"), "")}
    for wrong in ({"pattern": "x"}, {"note": ""}, {"pattern": "(x)", "note": ""}, {"pattern": "x", "note": "", "z": 1}):
        with pytest.raises(Malformed, match=r"^list\.form: list\.sex "):
            parse_code_sets(table(sex=wrong))


def test_an_element_of_few_words() -> None:
    assert read() == Element(key="XM", zh="姓名", en="name", type="text", sensitivity="personal", max=100)


def test_an_element_of_many_words() -> None:
    given = {
        "length": 18,
        "digits": 4,
        "places": 2,
        "format": "f",
        "values": "v",
        "form": "uscc",
        "pattern": "[0-9]{2}",
    }
    flags = {"mutable": True, "long_term": True, "open_end": True}
    assert read(**given, **flags) == Element(
        key="XM",
        zh="姓名",
        en="name",
        type="text",
        sensitivity="personal",
        max=100,
        length=18,
        digits=4,
        places=2,
        format="f",
        values="v",
        form="uscc",
        pattern=re.compile("[0-9]{2}"),
        mutable=True,
        long_term=True,
        open_end=True,
    )
    assert [read(**{flag: False}) for flag in flags] == [read()] * 3


def test_a_code_takes_its_values_from_one_set() -> None:
    assert read(type="code", code_set="sex", max=None).code_set == SEX
    assert refused(type="code", max=None)
    assert refused(type="code", code_set="third", max=None)
    assert refused(code_set="sex")


def test_a_list_has_fields_and_no_list_within() -> None:
    field = NAME | {"key": "A"}
    read_list = read(type="list", fields=[field, NAME], max=None)
    assert [part.key for part in read_list.fields] == ["A", "XM"]
    assert refused(type="list", fields=[NAME, {**NAME, "key": "L", "type": "list", "fields": [NAME]}])
    assert refused(fields=[NAME])
    coded = read(type="list", fields=[{**NAME, "type": "code", "code_set": "sex"}])
    assert coded.fields[0].code_set == SEX
    with pytest.raises(Malformed, match=r"^list\.form: list\.elements\[0\] has no fields"):
        read(type="list", fields=[])


@pytest.mark.parametrize(
    ("changed", "is_right"),
    [
        ({"max": None}, False),
        ({"max": None, "length": 3}, True),
        ({"type": "integer"}, False),
        ({"type": "integer", "digits": 3}, True),
        ({"type": "decimal", "digits": 3}, False),
        ({"type": "decimal", "places": 2}, False),
        ({"type": "decimal", "digits": 3, "places": 2}, True),
        ({"type": "decimal", "digits": 2, "places": 2}, False),
        ({"type": "decimal", "digits": 1, "places": 2}, False),
        ({"type": "date", "max": None}, True),
        ({"type": "datetime", "max": None}, True),
        ({"type": "period", "max": None}, True),
        ({"type": "image", "max": None}, True),
        ({"type": "prose"}, False),
        ({"sensitivity": "secret"}, False),
        ({"form": "passport"}, False),
        ({"zh": None}, False),
        ({"en": 1}, False),
        ({"stranger": 1}, False),
        ({"max": 0}, False),
        ({"key": "A" * 20}, True),
        ({"key": "A" * 21}, False),
        ({"key": ""}, False),
        ({"key": "A1"}, False),
        ({"key": "azAZ"}, True),
        ({"form": "resident_id"}, True),
        ({"sensitivity": "public"}, True),
        ({"sensitivity": "sensitive"}, True),
    ],
)
def test_a_type_needs_its_sizes(changed: dict[str, object], *, is_right: bool) -> None:
    if is_right:
        assert read(**changed)
    else:
        assert refused(**changed)


@pytest.mark.parametrize(
    ("pattern", "is_right"),
    [
        ("[0129]", True),
        ("10|2[0-3]|90", True),
        ("[0-9]{2}|[A-Z]{2}", True),
        (".{1,40}", True),
        ("A{999}", True),
        ("A{1,999}", True),
        ("A{1000}", False),
        ("A{1,1000}", False),
        ("A{}", False),
        ("A{1,}", False),
        ("AZ09.", True),
        ("[A-Z0-9-]", True),
        ("[]", False),
        ("(A)", False),
        ("(A|B)+", False),
        ("A+", False),
        ("A*", False),
        ("a", False),
        ("[a]", False),
        ("[^A]", False),
        ("\\d", False),
        ("", False),
        ("[9-0]", False),
        ("A" * 100, True),
        ("A" * 101, False),
    ],
)
def test_patterns_are_of_one_small_form(pattern: str, *, is_right: bool) -> None:
    if is_right:
        assert read(pattern=pattern).pattern == re.compile(pattern)
    else:
        assert refused(pattern=pattern)


def test_no_elements_and_one_key_twice_are_faults_of_the_whole() -> None:
    for rows in ([], [NAME, NAME]):
        with pytest.raises(Malformed, match=r"^list\.form: list has no elements"):
            parse_elements(table(elements=rows), "elements", SETS)
    first, second = parse_elements(table(fields=[NAME, NAME | {"key": "B"}]), "fields", SETS)
    assert (first.key, second.key) == ("XM", "B")


def test_a_code_set_s_row_has_no_other_name() -> None:
    for more in ("z", "Pattern"):
        with pytest.raises(Malformed, match=r"^list\.form: list\.sex has unknown keys"):
            parse_code_sets(table(sex={"pattern": "[0129]", "note": "", more: 1}))
