from __future__ import annotations

from typing import Any

import orjson
import pytest

from ecert.domain.errors import Malformed
from ecert.domain.receipt import (
    AnchorReceipt,
    Container,
    format_container,
    parse_container,
    parse_receipt,
    read_certificate,
)
from tests.unit.domain.issued import issued

RECEIPT = AnchorReceipt(31_323_334, "0x" + "ab" * 20, 7, 2, 5, (bytes(32), b"\xff" * 32))


def wire(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return RECEIPT.claims() | changes


def container(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return orjson.dumps({"v": 1, "sd_jwt": "a~", "receipt": None} | changes)


@pytest.mark.parametrize("receipt", [None, RECEIPT])
def test_a_container_comes_back_byte_for_byte(receipt: AnchorReceipt | None) -> None:
    written = format_container(Container(issued(), receipt))

    assert format_container(parse_container(written)) == written
    assert parse_container(written.decode()).receipt == receipt


def test_a_certificate_is_read_bare_or_in_its_container_with_what_an_editor_adds() -> None:
    text = issued()
    written = format_container(Container(text, RECEIPT))

    assert read_certificate(f" {text}\r\n") == Container(text, None)
    assert read_certificate(text.encode()) == Container(text, None)
    for saved in (b"\xef\xbb\xbf" + written + b"\n", b"\n" + written, b"\xef\xbb\xbf" + text.encode()):
        assert read_certificate(saved).sd_jwt == text


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": True},
        {"batch": -1},
        {"batch": 2**63},
        {"index": 5},
        {"size": 0, "index": 0},
        {"contract": "0x" + "AB" * 20},
        {"contract": "ab" * 21},
        {"contract": None},
        {"path": None},
        {"path": ["AA"]},
        {"path": [7]},
        {"path": ["A" * 43] * 64},
        {"path": ["=" * 43]},
        {"region": 31},
        {"index": 1.0},
    ],
)
def test_a_receipt_of_another_form_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_receipt(wire(**changes))


@pytest.mark.parametrize("value", [None, 7, "x", [], {}])
def test_what_is_no_receipt_is_malformed(value: object) -> None:
    with pytest.raises(Malformed, match=r"^receipt\.form\b"):
        parse_receipt(value)


@pytest.mark.parametrize(
    "text",
    [
        container(v=2),
        container(v=True),
        container(sd_jwt=None),
        container(more=1),
        container(receipt={}),
        b'{"v":1,"v":1,"sd_jwt":"a~","receipt":null}',
        b"[]",
        b"",
        b"{" * 100_000,
        b"\xff",
        "\ud800",
    ],
)
def test_what_is_no_container_is_malformed(text: bytes | str) -> None:
    with pytest.raises(Malformed):
        parse_container(text)


@pytest.mark.parametrize("value", [None, 7, ["x"], b"x" * 400_000, "{"])
def test_what_cannot_be_a_certificate_at_all_is_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        read_certificate(value)  # type: ignore[arg-type] # what a caller must not hand in
