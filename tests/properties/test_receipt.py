from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.domain.errors import Malformed
from ecert.domain.receipt import (
    AnchorReceipt,
    Container,
    format_container,
    parse_container,
    parse_receipt,
    read_certificate,
)

HASH = st.binary(min_size=32, max_size=32)
NUMBER = st.integers(0, 2**63 - 1)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
WIRE = AnchorReceipt(1, "0x" + "ab" * 20, 1, 0, 1, ()).claims()


@st.composite
def receipts(draw: st.DrawFn) -> AnchorReceipt:
    size = draw(st.integers(1, 2**63 - 1))
    index, address = draw(st.integers(0, size - 1)), draw(st.binary(min_size=20, max_size=20))
    path = tuple(draw(st.lists(HASH, max_size=8)))
    return AnchorReceipt(draw(NUMBER), "0x" + address.hex(), draw(NUMBER), index, size, path)


@given(receipts(), st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=50))
def test_a_container_comes_back(receipt: AnchorReceipt, text: str) -> None:
    container = Container(text, receipt)
    assert parse_container(format_container(container)) == container
    assert parse_receipt(receipt.claims()) == receipt


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(WIRE, JSON)))
def test_a_receipt_of_any_content_is_read_as_it_stands_or_malformed(changes: dict[str, Any]) -> None:
    value = WIRE | changes
    try:
        read = parse_receipt(value)
    except Malformed:
        return
    assert read.claims() == value


@given(JSON | st.binary() | st.text())
def test_whatever_is_handed_in_is_malformed_and_nothing_else(value: Any) -> None:  # noqa: ANN401 - anything at all
    for reader in (parse_container, parse_receipt):
        with pytest.raises(Malformed):
            reader(value)
    with pytest.raises(Malformed):
        parse_container(orjson.dumps(value, default=repr) if not isinstance(value, str | bytes) else value)
    try:
        assert read_certificate(value).receipt is None
    except Malformed:
        return
