"""Published vectors and hostile variants: each suite takes what the standards sign and nothing that only looks so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ecert.domain import jws
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.strict import b64url_decode
from ecert.domain.suites import check_key, verify_signature

VECTORS = Path(__file__).parents[1] / "vectors"
SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SUITES = ("ES256", "SM2-SM3")


def vectors(name: str) -> Any:  # noqa: ANN401 - each file has its own form
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


HOSTILE = vectors("hostile_signatures")
ED25519 = vectors("rfc8032")["tests"]
ML_DSA_65 = vectors("ml_dsa_65")
ACCEPTED = [(suite, case["why"], case) for suite in SUITES for case in HOSTILE[suite]["accepted"]]
REFUSED = [(suite, why, text) for suite in SUITES for why, text in HOSTILE[suite]["refused"].items()]
KEYS = [(suite, why, text) for suite in SUITES for why, text in HOSTILE[suite]["refused_keys"].items()]


@pytest.mark.parametrize(("suite", "why", "case"), ACCEPTED, ids=[f"{c[0]}: {c[1]}" for c in ACCEPTED])
def test_right_signatures_are_taken(suite: str, why: str, case: dict[str, str]) -> None:
    spki, signature = bytes.fromhex(HOSTILE[suite]["spki"]), bytes.fromhex(case["signature"])
    verify_signature(suite, spki=spki, message=case["message"].encode(), signature=signature)
    if "zero byte" in why:
        with pytest.raises(VerificationFailed):
            verify_signature(suite, spki=spki, message=case["message"].encode(), signature=signature[1:])


@pytest.mark.parametrize(("suite", "why", "text"), REFUSED, ids=[f"{c[0]}: {c[1]}" for c in REFUSED])
def test_hostile_signatures_are_refused(suite: str, why: str, text: str) -> None:
    row = HOSTILE[suite]
    with pytest.raises(VerificationFailed):
        verify_signature(
            suite,
            spki=bytes.fromhex(row["spki"]),
            message=row["message"].encode(),
            signature=bytes.fromhex(text),
        )
    assert why


@pytest.mark.parametrize(("suite", "why", "text"), KEYS, ids=[f"{c[0]}: {c[1]}" for c in KEYS])
def test_hostile_keys_are_refused(suite: str, why: str, text: str) -> None:
    with pytest.raises(Malformed, match=r"suite\.key"):
        check_key(suite, bytes.fromhex(text))
    assert why


def test_es256_takes_rfc_6979_s_signatures_each_over_its_message_alone() -> None:
    spki = bytes.fromhex(HOSTILE["ES256"]["spki"])
    for case in vectors("rfc6979")["signatures"]:
        signature = bytes.fromhex(case["r"] + case["s"])
        verify_signature("ES256", spki=spki, message=case["message"].encode(), signature=signature)
        with pytest.raises(VerificationFailed):
            verify_signature("ES256", spki=spki, message=b"other", signature=signature)


@pytest.mark.parametrize("case", ED25519, ids=["1", "2", "3"])
def test_eddsa_takes_rfc_8032_s_signatures_and_none_beyond_the_order(case: dict[str, str]) -> None:
    spki = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["public"])).public_bytes(*SPKI)
    message, signature = bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
    verify_signature("EdDSA", spki=spki, message=message, signature=signature)
    # RFC 8032 section 5.1.7: S must be below the order, or every signature would have a twin.
    order = 2**252 + 27742317777372353535851937790883648493
    twin = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    for wrong in (twin, signature[:-1], signature + b"\0", bytes(64), b""):
        with pytest.raises(VerificationFailed):
            verify_signature("EdDSA", spki=spki, message=message, signature=wrong)
    with pytest.raises(VerificationFailed):
        verify_signature("EdDSA", spki=spki, message=message + b"\0", signature=signature)


def test_ml_dsa_65_takes_rfc_9964_s_signature_and_no_other() -> None:
    public = mldsa.MLDSA65PublicKey.from_public_bytes(bytes.fromhex(ML_DSA_65["public"]))
    signed, _, encoded = ML_DSA_65["jws"].rpartition(".")
    message, signature = signed.encode(), b64url_decode(encoded)
    spki = public.public_bytes(*SPKI)
    verify_signature("ML-DSA-65", spki=spki, message=message, signature=signature)

    # The challenge, a response, the last hint byte; then the lengths.
    flipped = [_flip(signature, at) for at in (0, 1_000, len(signature) - 1)]
    for wrong in (*flipped, signature[:-1], signature + b"\0", bytes(3309), b""):
        with pytest.raises(VerificationFailed):
            verify_signature("ML-DSA-65", spki=spki, message=message, signature=wrong)
    with pytest.raises(VerificationFailed):
        verify_signature("ML-DSA-65", spki=spki, message=message + b".", signature=signature)


def test_rfc_9964_s_token_is_refused_for_its_header() -> None:
    with pytest.raises(Malformed, match=r"jws\.header"):
        jws.parse(ML_DSA_65["jws"], typ="dc+sd-jwt", limit=10_000)


def _flip(signature: bytes, at: int) -> bytes:
    return signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
