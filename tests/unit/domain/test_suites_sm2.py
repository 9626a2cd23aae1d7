"""SM2-SM3 agrees with the national standards' examples, which hang on the signer's identity in ZA."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecert.domain.errors import Unavailable, VerificationFailed
from ecert.domain.suites import digest, generate, load_signer, sm2_sm3, verify_signature

VECTORS = Path(__file__).parents[2] / "vectors"
SM2 = json.loads((VECTORS / "sm2.json").read_text("utf-8"))
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
SPKI = SPKI_HEAD + bytes.fromhex(SM2["x"] + SM2["y"])
SIGNATURE = bytes.fromhex(SM2["r"] + SM2["s"])
MESSAGE = SM2["message"].encode()


def pkcs8() -> bytes:
    """RFC 5958 around RFC 5915: version, algorithm, then version, d and the public point."""
    d, point = bytes.fromhex(SM2["d"]), bytes.fromhex("04" + SM2["x"] + SM2["y"])
    inner = bytes.fromhex("306b0201010420") + d + bytes.fromhex("a144034200") + point
    algorithm = SPKI_HEAD[2:23]
    body = bytes.fromhex("020100") + algorithm + bytes([0x04, len(inner)]) + inner
    return bytes([0x30, 0x81, len(body)]) + body


def test_the_standard_s_signature_verifies() -> None:
    verify_signature("SM2-SM3", spki=SPKI, message=MESSAGE, signature=SIGNATURE)
    assert SM2["user_id"].encode() == sm2_sm3.USER_ID


def test_a_signature_over_the_bare_digest_fails() -> None:
    with pytest.raises(VerificationFailed):
        verify_signature("SM2-SM3", spki=SPKI, message=sm2_sm3.sm3(MESSAGE), signature=SIGNATURE)


def test_the_standard_s_key_loads_and_signs() -> None:
    signer = load_signer("SM2-SM3", pkcs8())
    assert signer.spki == SPKI
    verify_signature("SM2-SM3", spki=SPKI, message=MESSAGE, signature=signer.sign(MESSAGE))


def test_a_message_may_hold_zero_bytes_or_nothing() -> None:
    signer = load_signer("SM2-SM3", generate("SM2-SM3"))
    signature = signer.sign(b"a\0b")
    verify_signature("SM2-SM3", spki=signer.spki, message=b"a\0b", signature=signature)
    with pytest.raises(VerificationFailed):
        verify_signature("SM2-SM3", spki=signer.spki, message=b"a\0c", signature=signature)
    verify_signature("SM2-SM3", spki=signer.spki, message=b"", signature=signer.sign(b""))


def test_a_point_off_the_curve_is_no_key() -> None:
    off = SPKI[:-1] + bytes([SPKI[-1] ^ 1])
    with pytest.raises(sm2_sm3.Malformed):
        sm2_sm3.check_key(off)


@pytest.mark.parametrize("example", json.loads((VECTORS / "sm3.json").read_text("utf-8"))["digests"])
def test_sm3_agrees_with_the_standard(example: dict[str, str]) -> None:
    message = bytes.fromhex(example["message"])
    assert sm2_sm3.sm3(message).hex() == digest(2, message).hex() == example["digest"]


def test_what_libcrypto_refuses_is_an_outage_and_no_forgery() -> None:
    sm2_sm3._must(1)
    for result in (0, -1, 2):
        with pytest.raises(Unavailable) as refused:
            sm2_sm3._must(result)
        assert refused.value.code == "suite.unavailable"
