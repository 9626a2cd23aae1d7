"""Codes of every kind: round trips, flipped characters, and arbitrary input."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import base45
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert.domain import cose, offline
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.redeem import parse_response
from ecert.domain.suites import generate, load_signer
from ecert.domain.use import LEGAL_BASES, Use, parse_use
from wallet_codes.codecs import CODECS
from wallet_codes.codes import OnlineReading, read
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png
from wallet_codes.regions import REGIONS

SIGNER = load_signer("ES256", generate("ES256"))
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
plain = st.recursive(
    st.text(max_size=4) | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
certificates = st.builds(
    offline.OfflineCertificate,
    type_no=st.integers(0, 999),
    status=st.builds(
        offline.StatusPlace,
        region=st.integers(0, 99),
        number=st.integers(0, 2**32 - 1),
        index=st.integers(0, 2**32 - 1),
    ),
    division=st.sampled_from(["31", "3205", "320509", "330421"]),
    authority_key=st.binary(min_size=32, max_size=32),
    nbf=st.integers(0, 2**40 - 1),
    exp=st.none() | st.integers(0, 2**40 - 1),
    batch=st.integers(0, 2**32 - 1),
    fingerprint=st.binary(min_size=32, max_size=32),
    elements=st.dictionaries(st.text(max_size=4), plain, max_size=2).filter(lambda e: len(cose.dumps(e)) < 30),
    hash_alg=st.sampled_from([1, 2]),
)
claims = st.builds(
    offline.OfflineClaims,
    region=st.integers(10, 99),
    iat=st.integers(0, 2**32),
    exp=st.integers(2**32 + 1, 2**33),
    nonce=st.binary(min_size=8, max_size=8),
    item=st.from_regex(r"EC-[0-9]{4}", fullmatch=True),
    holder=st.binary(min_size=16, max_size=16),
    agent=st.none() | st.binary(min_size=16, max_size=16),
    certificates=st.tuples(certificates),
)
EXAMPLE = offline.encode(
    offline.OfflineClaims(
        32,
        1,
        2,
        bytes(8),
        "EC-0001",
        bytes(16),
        None,
        (
            offline.OfflineCertificate(
                1, offline.StatusPlace(32, 0, 1), "3205", bytes(32), 0, None, 1, bytes(32), {"XM": "李"}
            ),
        ),
    ),
    SIGNER,
)


@given(st.binary(min_size=16, max_size=16), st.integers(10**12, 10**13 - 1))
def test_each_handle_has_one_text(handle: bytes, minted: int) -> None:
    for each in REGIONS:
        codec = CODECS[each.code]
        text = codec.encode(handle[: codec.handle_size], minted_at_ms=minted)
        reading = read(text)
        assert isinstance(reading, OnlineReading)
        assert (reading.region, reading.handle) == (each, handle[: codec.handle_size])


@given(claims)
def test_each_offline_code_comes_back(code: offline.OfflineClaims) -> None:
    parsed = offline.parse(offline.encode(code, SIGNER))
    assert parsed.claims == code
    cose.verify(parsed.message, suite_name="ES256", spki=SIGNER.spki)


@given(st.integers(0, 8 * len(base45.b45decode(EXAMPLE[7:])) - 1))
def test_any_flipped_bit_of_an_offline_code_fails(bit: int) -> None:
    data = bytearray(base45.b45decode(EXAMPLE[7:]))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, VerificationFailed)):  # noqa: PT012 - either step may be the one that fails
        code = offline.parse(offline.PREFIX + base45.b45encode(bytes(data)).decode())
        cose.verify(code.message, suite_name="ES256", spki=SIGNER.spki)


@given(st.integers(0, len(EXAMPLE) - 1), st.sampled_from(ALPHABET))
def test_two_texts_are_never_one_offline_code(place: int, character: str) -> None:
    other = EXAMPLE[:place] + character + EXAMPLE[place + 1 :]
    with suppress(Malformed):
        assert (offline.parse(other) == offline.parse(EXAMPLE)) == (other == EXAMPLE)


@given(st.text() | st.binary() | st.none() | st.text(ALPHABET).map("ECERT1:".__add__) | st.from_regex(r"[0-9]{7,9}"))
def test_reading_arbitrary_input_is_malformed_or_a_code(value: object) -> None:
    with suppress(Malformed):
        reading = read(value)
        assert reading.text.isascii()


@given(st.binary(max_size=360).map(lambda data: "ECERT1:" + base45.b45encode(b"\xd2" + data).decode()))
def test_arbitrary_bytes_in_an_offline_code_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        offline.parse(text)


@given(st.binary(max_size=120))
def test_cbor_that_is_read_is_written_back_the_same(data: bytes) -> None:
    with suppress(Malformed):
        assert cose.dumps(cose.loads(data, limit=120)) == data


@given(plain)
def test_every_plain_value_comes_back(value: object) -> None:
    assert cose.loads(cose.dumps(value), limit=10_000) == value


@given(st.text() | st.none() | st.binary() | st.from_regex(r"[\w-]{4,}\.[\w-]{4,}\.[\w-]{4,}"))
def test_arbitrary_responses_are_malformed(text: object) -> None:
    with pytest.raises(Malformed):
        parse_response(text)


@given(st.none() | st.text() | st.dictionaries(st.text(), st.none() | st.text() | st.integers()))
def test_arbitrary_uses_are_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        parse_use(value)


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=200)


@given(
    st.builds(
        Use,
        words,
        words,
        words,
        words,
        words,
        words,
        words,
        st.just("3205"),
        st.sampled_from(sorted(LEGAL_BASES)),
    )
)
def test_uses_come_back_from_the_wire(use: Use) -> None:
    assert parse_use(use.wire()) == use
    assert parse_use(replace(use, division="31").wire()) != use


PICTURE = draw_png("10000000", region=REGIONS[0], caption="")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(PICTURE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_pictures_are_malformed_or_read(damage: list[tuple[int, int]]) -> None:
    data = bytearray(PICTURE)
    for place, value in damage:
        data[place] = value
    with suppress(Malformed):
        assert all(isinstance(text, str) for text in read_picture(bytes(data)))


@given(st.binary() | st.text() | st.none())
def test_arbitrary_pictures_are_malformed(data: object) -> None:
    with pytest.raises(Malformed):
        read_picture(data)
