"""COSE_Sign1 by itself: its one encoding, its closed header, and every bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import cbor2
import pytest

from ecert.domain import cose
from ecert.domain.errors import Malformed, NotAllowed, VerificationFailed
from tests.unit.domain.issued import signer

KID = bytes(range(32))


def code_of(read: Callable[[], object]) -> str:
    with pytest.raises(Malformed) as refused:
        read()
    return refused.value.code


def message(*parts: object, tag: int = 18) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, list(parts)))


def header(**changed: object) -> bytes:
    return cose.dumps({1: -7, 4: KID} | {int(key[1:]): value for key, value in changed.items()})


def test_a_message_s_parts_and_the_bytes_that_are_signed() -> None:
    read = cose.parse(message(header(), {}, b"payload", b"signature"), limit=200)
    assert (read.alg, read.kid, read.payload, read.signature) == (-7, KID, b"payload", b"signature")
    assert cbor2.loads(read.signing_input) == ["Signature1", header(), b"", b"payload"]


@pytest.mark.parametrize(("suite", "alg"), [("ES256", -7), ("SM2-SM3", -65537)])
def test_what_is_signed_is_read_and_verified(suite: str, alg: int) -> None:
    key = signer(suite)
    written = cose.sign(key, b"payload")
    read = cose.parse(written, limit=len(written) - 1)
    assert (read.alg, read.kid, read.payload) == (alg, sha256(key.spki).digest(), b"payload")
    cose.verify(read, suite_name=suite, spki=key.spki)
    assert code_of(lambda: cose.parse(written, limit=len(written) - 2)) == "cbor.size"


def test_a_suite_that_this_release_does_not_know_decides_nothing() -> None:
    key = signer()
    with pytest.raises(NotAllowed) as refused:
        cose.verify(cose.parse(cose.sign(key, b""), limit=200), suite_name="ES999", spki=key.spki)
    assert refused.value.code == "suite.unknown"


def test_the_message_s_alg_is_held_to_the_trusted_key_s_suite() -> None:
    key = signer()
    for alg in (-8, -999, 7):
        wrong = cose.parse(message(header(_1=alg), {}, b"", bytes(64)), limit=200)
        assert wrong.alg == alg
        with pytest.raises(VerificationFailed, match="alg"):
            cose.verify(wrong, suite_name="ES256", spki=key.spki)
    signed = cose.parse(cose.sign(key, b"y"), limit=200)
    with pytest.raises(VerificationFailed):
        cose.verify(replace(signed, signing_input=signed.signing_input + b"x"), suite_name="ES256", spki=key.spki)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (message(header(), {}, b"", b"", tag=17), "cose.form"),
        (None, "cose.form"),
        ("text", "cose.form"),
        (bytearray(message(header(), {}, b"", b"")), "cose.form"),
        (b"", "cose.form"),
        (message(header(), {}, b""), "cose.form"),
        (message(header(), {}, b"", b"", b""), "cose.form"),
        (message({}, {}, b"", b""), "cose.form"),
        (message(header(), [], b"", b""), "cose.form"),
        (message(header(), {}, "", b""), "cose.form"),
        (message(header(), {}, b"", ""), "cose.form"),
        (message(header(), {1: 1}, b"", b""), "cose.header"),
        (message(cose.dumps([]), {}, b"", b""), "cose.header"),
        (message(cose.dumps({1: -7}), {}, b"", b""), "cose.header"),
        (message(header(_5=1), {}, b"", b""), "cose.header"),
        (message(header(_1="ES256"), {}, b"", b""), "cose.alg"),
        (message(header(_4=bytes(31)), {}, b"", b""), "cose.kid"),
        (message(header(_4=bytes(33)), {}, b"", b""), "cose.kid"),
        (message(header(_4=bytes(58)), {}, b"", b""), "cose.kid"),
        (message(header(_4=bytes(59)), {}, b"", b""), "cbor.size"),
        (message(header(_4="x" * 32), {}, b"", b""), "cose.kid"),
        (message(b"\xff", {}, b"", b""), "cbor.syntax"),
    ],
)
def test_another_message_is_malformed(data: object, code: str) -> None:
    assert code_of(lambda: cose.parse(data, limit=200)) == code  # type: ignore[arg-type]  # a wrong type is the test


@pytest.mark.parametrize(
    "value", [0, -1, 2**63 - 1, -(2**63), "证", b"\0", [], {}, [[1, "a"], {"b": b"c", 1: [2]}], {-5: {}}]
)
def test_plain_values_come_back(value: object) -> None:
    assert cose.loads(cose.dumps(value), limit=100) == value


@pytest.mark.parametrize(
    "value",
    [2**63, -(2**63) - 1, 1.5, True, None, [None], {"a": None}, {b"k": 1}, {True: 1}, {1.5: 1}, {2**63: 1}, [[1.5]]],
)
def test_other_values_are_refused(value: object) -> None:
    assert code_of(lambda: cose.loads(cose.dumps(value), limit=100)) == "cbor.type"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("1801", "cbor.canonical"),
        ("a202010100", "cbor.canonical"),
        ("9f01ff", "cbor.syntax"),
        ("0100", "cbor.canonical"),
        ("c24101", "cbor.canonical"),
        ("", "cbor.syntax"),
        ("18", "cbor.syntax"),
    ],
)
def test_each_fault_of_cbor_has_its_code(data: str, code: str) -> None:
    assert code_of(lambda: cose.loads(bytes.fromhex(data), limit=100)) == code


def test_size_and_depth_are_bounded() -> None:
    assert cose.loads(b"\x42ab", limit=3) == b"ab"
    assert code_of(lambda: cose.loads(b"\x42ab", limit=2)) == "cbor.size"
    assert cose.loads(b"\x81" * 7 + b"\x80", limit=100) == [[[[[[[[]]]]]]]]
    assert code_of(lambda: cose.loads(b"\x81" * 9 + b"\x80", limit=100)) == "cbor.syntax"


def test_a_ninth_array_may_be_the_innermost() -> None:
    assert cose.loads(b"\x81" * 8 + b"\x80", limit=100) == [[[[[[[[[]]]]]]]]]
    assert code_of(lambda: cose.loads(b"\x81" * 9 + b"\x80", limit=100)) == "cbor.syntax"
