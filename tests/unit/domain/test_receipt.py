from __future__ import annotations

from typing import Any

import orjson
import pytest

from ecert.domain.errors import Malformed
from ecert.domain.receipt import (
    MEDIA_TYPE,
    AnchorReceipt,
    Container,
    container_of,
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


@pytest.mark.parametrize("name", ["chain_id", "batch", "index", "size"])
def test_numbers_are_whole_and_bounded(name: str) -> None:
    others = {"index": 0, "size": 2**63 - 1}
    for right in (1, 2**63 - 1 - (name == "index")):
        assert parse_receipt(wire(**(others | {name: right}))).claims()[name] == right
    for wrong in (-1, 2**63, True, 1.0, "1", None):
        with pytest.raises(Malformed, match=r"^receipt\.form\b"):
            parse_receipt(wire(**(others | {name: wrong})))


def test_an_index_lies_in_its_tree() -> None:
    assert parse_receipt(wire(index=4)).index == 4
    for index, size in ((5, 5), (6, 5), (0, 0)):
        with pytest.raises(Malformed, match=r"^receipt\.form\b"):
            parse_receipt(wire(index=index, size=size))


@pytest.mark.parametrize("name", ["chain_id", "contract", "batch", "index", "size", "path"])
def test_no_part_of_a_receipt_may_be_missing(name: str) -> None:
    with pytest.raises(Malformed, match=r"^receipt\.form\b"):
        parse_receipt({key: value for key, value in wire().items() if key != name})


@pytest.mark.parametrize("name", ["v", "sd_jwt", "receipt"])
def test_no_part_of_a_container_may_be_missing(name: str) -> None:
    parts = {"v": 1, "sd_jwt": "a~", "receipt": None}
    assert container_of(parts) == Container("a~", None)
    with pytest.raises(Malformed, match=r"^container\.form\b"):
        container_of({key: value for key, value in parts.items() if key != name})


@pytest.mark.parametrize("changes", [{"v": 2}, {"v": True}, {"sd_jwt": None}, {"more": 1}])
def test_a_container_has_its_own_code(changes: dict[str, object]) -> None:
    with pytest.raises(Malformed, match=r"^container\.form\b"):
        parse_container(container(**changes))


def test_the_names_on_the_wire() -> None:
    assert RECEIPT.claims() == {
        "chain_id": 31_323_334,
        "contract": "0x" + "ab" * 20,
        "batch": 7,
        "index": 2,
        "size": 5,
        "path": ["A" * 43, "_" * 42 + "8"],
    }
    assert format_container(Container("a~", None)) == b'{"v":1,"sd_jwt":"a~","receipt":null}'
    assert MEDIA_TYPE == "application/ecert+json"
    assert parse_container(container(receipt=RECEIPT.claims())).receipt == RECEIPT


def test_a_path_has_at_most_63_hashes_of_32_bytes() -> None:
    assert len(parse_receipt(wire(path=["A" * 43] * 63)).path) == 63
    assert parse_receipt(wire(path=[])).path == ()
    for wrong in (["A" * 43] * 64, ["A" * 42], ["A" * 44], {}, "A"):
        with pytest.raises(Malformed, match=r"^receipt\.form\b"):
            parse_receipt(wire(path=wrong))


@pytest.mark.parametrize(
    "address",
    [
        "0x" + "g" * 40,
        "0x" + "a" * 39,
        "0x" + "a" * 41,
        "1x" + "a" * 40,
        "0X" + "a" * 40,
        "0x" + "A" * 40,
        "0x" + "X" * 40,
        "0xg" + "a" * 39,
        7,
    ],
)
def test_a_contract_is_twenty_bytes_in_lower_case_hex(address: object) -> None:
    every = "0x" + "0123456789abcdef" * 2 + "01234567"
    assert parse_receipt(wire(contract=every)).contract == every
    with pytest.raises(Malformed, match=r"^receipt\.form\b"):
        parse_receipt(wire(contract=address))


def test_what_is_read_has_at_most_300_kibibytes() -> None:
    limit = 300 * 1024
    assert read_certificate("x" * limit) == Container("x" * limit, None)
    assert read_certificate(b"x" * limit).sd_jwt == "x" * limit
    for wrong in ("x" * (limit + 1), b"x" * (limit + 1), None, ["x"]):
        with pytest.raises(Malformed, match=r"^container\.form\b"):
            read_certificate(wrong)
    whole = format_container(Container("x" * (limit - 34), None))
    assert len(whole) == limit
    assert parse_container(whole).sd_jwt == "x" * (limit - 34)
    with pytest.raises(Malformed, match=r"^json\.size\b"):
        parse_container(format_container(Container("x" * (limit - 33), None)))


def test_json_that_was_read_before_and_bytes_that_are_no_text() -> None:
    assert read_certificate({"v": 1, "sd_jwt": "a~", "receipt": None}) == Container("a~", None)
    assert read_certificate(b"\xffa").sd_jwt == "\ufffda"
    assert read_certificate("\ufeff a~ ").sd_jwt == "a~"
