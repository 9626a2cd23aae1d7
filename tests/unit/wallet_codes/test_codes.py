"""One text, one code: what a scan gun may give, and what it may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecert.domain.errors import Malformed
from wallet_codes.codecs import CODECS
from wallet_codes.codes import OfflineReading, OnlineReading, TypedReading, digest, read

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "codes.json").read_text("utf-8"))
ONLINE = VECTORS["online"]


@pytest.mark.parametrize("vector", ONLINE, ids=lambda v: v["code"])
def test_online_payloads_are_as_published(vector: dict[str, str]) -> None:
    handle = bytes.fromhex(vector["handle"])
    codec = CODECS[vector["code"]]
    assert codec.encode(handle, minted_at_ms=VECTORS["minted_at_ms"]) == vector["text"]
    reading = read(vector["text"])
    assert isinstance(reading, OnlineReading)
    assert (reading.region.code, reading.handle, reading.kind) == (vector["code"], handle, "online")


@pytest.mark.parametrize("vector", ONLINE, ids=lambda v: v["code"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_one_line_end_is_forgiven(vector: dict[str, str], end: str) -> None:
    assert read(vector["text"] + end) == read(vector["text"])


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda v: v["why"])
def test_near_misses_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(Malformed) as refusal:
        read(vector["text"])
    assert refusal.value.code == vector["error"]


def test_a_handle_has_at_least_120_bits() -> None:
    assert min(codec.handle_size for codec in CODECS.values()) * 8 == 120


def test_no_prefix_begins_another() -> None:
    prefixes = [codec.prefix for codec in CODECS.values()]
    assert not any(a != b and a.startswith(b) for a in prefixes for b in prefixes)


@pytest.mark.parametrize(("text", "number"), [("10000000", 31), ("29999999", 32), ("30000001", 33), ("41234567", 34)])
def test_a_typed_code_names_its_region(text: str, number: int) -> None:
    reading = read(text + "\r\n")
    assert isinstance(reading, TypedReading)
    assert (reading.region.number, reading.text, reading.kind) == (number, text, "typed")


def test_an_offline_code_is_read_with_its_region() -> None:
    reading = read(VECTORS["offline"]["text"])
    assert isinstance(reading, OfflineReading)
    assert (reading.region.number, reading.envelope.claims.item, reading.kind) == (32, "EC-0002", "offline")


def test_another_text_is_another_code() -> None:
    first = ONLINE[0]["text"]
    later = first[:-1] + ("0" if first[-1] != "0" else "1")
    assert read(first).text != read(later).text
    assert digest(first) != digest(later)
