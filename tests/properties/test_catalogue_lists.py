"""Catalogue, items and faces for all inputs: each is right, or it is Malformed, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ecert.domain.catalogue import CATALOGUE, check_elements, parse_catalogue
from ecert.domain.errors import Malformed
from ecert.domain.items import ITEMS, parse_items

if TYPE_CHECKING:
    from ecert.domain.catalogue import CertificateType

LINES = {name: (files("ecert.domain") / name).read_bytes().splitlines() for name in ("catalogue.toml", "items.toml")}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def outcome(parse: object, value: object) -> str:
    assert callable(parse)
    try:
        parse(value)
    except Malformed as fault:
        return fault.code
    return "right"


@given(st.one_of(st.binary(), st.text(), st.none(), st.integers()))
def test_no_other_bytes_are_a_list(value: object) -> None:
    assert outcome(parse_catalogue, value) == "catalogue.form"
    assert outcome(parse_items, value) == "item.form"


@given(st.integers(0, 40).map(lambda depth: b"x = " + b"[" * (depth * 50)))
def test_deep_nesting_is_refused(value: bytes) -> None:
    assert outcome(parse_catalogue, value) == "catalogue.form"


@given(st.sampled_from(sorted(LINES)), st.data())
def test_a_list_that_lost_a_line_is_right_or_malformed(name: str, data: st.DataObject) -> None:
    lines = LINES[name]
    place = data.draw(st.integers(0, len(lines) - 1))
    spoilt = b"\n".join(lines[:place] + lines[place + 1 :])
    parse, code = (parse_catalogue, "catalogue.form") if name == "catalogue.toml" else (parse_items, "item.form")
    assert outcome(parse, spoilt) in {"right", code}


@given(st.sampled_from(CATALOGUE.types), st.data())
def test_any_value_on_a_face_is_right_or_malformed(kind: CertificateType, data: st.DataObject) -> None:
    element = data.draw(st.sampled_from(kind.elements))
    value = data.draw(JSON)
    with suppress(Malformed):
        checked = check_elements(kind, {element.key: value})
        assert check_elements(kind, checked) == checked


@given(st.sampled_from(sorted(ITEMS.items)))
def test_items_name_only_elements_of_the_catalogue(code: str) -> None:
    for type_code, keys in ITEMS.items[code].elements.items():
        assert set(keys) <= {element.key for element in CATALOGUE.by_code(type_code).elements}
