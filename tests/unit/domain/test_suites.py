"""Each suite signs, verifies, and refuses foreign keys, other forms of signature and any flipped bit."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ecert.domain.errors import Malformed, NotAllowed, Unavailable, VerificationFailed
from ecert.domain.strict import b64url_decode
from ecert.domain.suites import (
    SUITES,
    check_key,
    digest,
    generate,
    key_id,
    kid,
    load_signer,
    suite,
    verify_signature,
)
from ecert.domain.suites.rs_form import from_der, to_der

VECTORS = Path(__file__).parents[2] / "vectors"
ISSUING = [name for name, row in SUITES.items() if row.issues]
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SPKI_FORM = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def code_of(read: Callable[[], object]) -> str:
    with pytest.raises(Malformed) as refused:
        read()
    return refused.value.code


def vector(name: str) -> dict[str, str]:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ISSUING)
def test_what_a_fresh_key_signs_verifies_and_nothing_else_does(name: str) -> None:
    signer = load_signer(name, generate(name))
    signature = signer.sign(b"message")
    verify_signature(name, spki=signer.spki, message=b"message", signature=signature)
    with pytest.raises(VerificationFailed):
        verify_signature(name, spki=signer.spki, message=b"messagf", signature=signature)
    other = load_signer(name, generate(name))
    with pytest.raises(VerificationFailed):
        verify_signature(name, spki=other.spki, message=b"message", signature=signature)


@pytest.mark.parametrize("name", ISSUING)
def test_any_flipped_bit_of_a_signature_fails(name: str) -> None:
    signer = load_signer(name, generate(name))
    signature = int.from_bytes(signer.sign(b"message"))
    for bit in range(512):
        flipped = (signature ^ 1 << bit).to_bytes(64)
        with pytest.raises(VerificationFailed):
            verify_signature(name, spki=signer.spki, message=b"message", signature=flipped)


@pytest.mark.parametrize("name", ISSUING)
def test_signatures_of_another_form_fail(name: str) -> None:
    signer = load_signer(name, generate(name))
    r, s = (signature := signer.sign(b"m"))[:32], signature[32:]
    high, zero = b"\xff" * 32, bytes(32)
    for wrong in (b"", signature[:63], signature + b"\0", zero + s, r + zero, high + s, r + high):
        with pytest.raises(VerificationFailed):
            verify_signature(name, spki=signer.spki, message=b"m", signature=wrong)


def test_r_of_the_order_fails_before_the_library_sees_it() -> None:
    signer = load_signer("ES256", generate("ES256"))
    wrong = P256_ORDER.to_bytes(32) + signer.sign(b"m")[32:]
    with pytest.raises(VerificationFailed, match="outside"):
        verify_signature("ES256", spki=signer.spki, message=b"m", signature=wrong)


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("foreign", ISSUING)
def test_keys_of_another_suite_are_refused(name: str, foreign: str) -> None:
    if name == foreign:
        check_key(name, load_signer(name, generate(name)).spki)
        return
    signer = load_signer(foreign, pkcs8 := generate(foreign))
    with pytest.raises(Malformed, match=r"^suite\.key\b"):
        verify_signature(name, spki=signer.spki, message=b"m", signature=signer.sign(b"m"))
    with pytest.raises((Malformed, NotAllowed)):
        load_signer(name, pkcs8)


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("wrong", [b"", b"0", b"\x30\x59" + bytes(89), bytes(200), None, 7, "text"])
def test_what_is_no_key_is_malformed(name: str, wrong: bytes) -> None:
    with pytest.raises(Malformed, match=r"^suite\.key\b"):
        check_key(name, wrong)
    if suite(name).issues:
        with pytest.raises(Malformed, match=r"^suite\.key\b"):
            load_signer(name, wrong)


@pytest.mark.parametrize("name", ISSUING)
def test_a_key_has_one_form(name: str) -> None:
    spki = load_signer(name, pkcs8 := generate(name)).spki
    with pytest.raises(Malformed):
        check_key(name, spki + b"\0")
    with pytest.raises(Malformed):
        load_signer(name, pkcs8 + b"\0")


def test_a_compressed_point_is_refused_since_it_would_have_a_second_kid() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    with pytest.raises(Malformed):
        check_key("ES256", head + point)


def test_other_curves_and_kinds_of_key_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        for name in ISSUING:
            with pytest.raises(Malformed):
                check_key(name, key.public_key().public_bytes(*SPKI_FORM))
            with pytest.raises(Malformed):
                load_signer(name, pkcs8)


def test_es256_agrees_with_rfc_7515() -> None:
    v = vector("es256")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(b64url_decode(v["x"])), int.from_bytes(b64url_decode(v["y"])), ec.SECP256R1()
    )
    private = ec.EllipticCurvePrivateNumbers(int.from_bytes(b64url_decode(v["d"])), numbers).private_key()
    signer = load_signer("ES256", private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    message = v["signing_input"].encode()
    verify_signature("ES256", spki=signer.spki, message=message, signature=b64url_decode(v["signature"]))


def test_eddsa_agrees_with_rfc_8037() -> None:
    v = vector("eddsa")
    spki = ed25519.Ed25519PublicKey.from_public_bytes(b64url_decode(v["x"])).public_bytes(*SPKI_FORM)
    message, signature = v["signing_input"].encode(), b64url_decode(v["signature"])
    verify_signature("EdDSA", spki=spki, message=message, signature=signature)
    with pytest.raises(VerificationFailed):
        verify_signature("EdDSA", spki=spki, message=message + b".", signature=signature)


def test_ml_dsa_65_verifies() -> None:
    private = mldsa.MLDSA65PrivateKey.generate()
    spki = private.public_key().public_bytes(*SPKI_FORM)
    verify_signature("ML-DSA-65", spki=spki, message=b"m", signature=private.sign(b"m"))
    with pytest.raises(VerificationFailed):
        verify_signature("ML-DSA-65", spki=spki, message=b"n", signature=private.sign(b"m"))


def test_suites_are_whole_names_and_some_only_verify() -> None:
    assert [row.name for row in SUITES.values() if row.issues] == ["ES256", "SM2-SM3"]
    with pytest.raises(NotAllowed, match=r"^suite\.unknown\b"):
        suite("none")
    for name in ("EdDSA", "ML-DSA-65"):
        with pytest.raises(NotAllowed, match=r"^suite\.verify_only\b"):
            generate(name)


def test_cose_and_jose_names_are_each_one_suite_s() -> None:
    assert len({row.cose_alg for row in SUITES.values()}) == len(SUITES)
    assert {row.jose_alg for row in SUITES.values()} == set(SUITES)


def test_a_signer_shows_its_name_but_not_its_key() -> None:
    signer = load_signer("ES256", generate("ES256"))
    assert signer.kid == kid(signer.spki)
    assert b64url_decode(signer.kid) == key_id(signer.spki)
    assert "sign_with_key" not in repr(signer)


def test_digests_go_by_number() -> None:
    assert digest(1, b"abc").hex().startswith("ba7816bf")
    assert suite("SM2-SM3").digest(b"abc") == digest(2, b"abc")
    with pytest.raises(Malformed, match=r"^suite\.hash_alg\b"):
        digest(3, b"abc")


def test_without_sm3_only_sm3_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashlib, "algorithms_available", {"sha256"})
    assert digest(1, b"abc").hex().startswith("ba7816bf")
    with pytest.raises(Unavailable, match=r"^suite\.unavailable\b"):
        digest(2, b"abc")


def test_each_suite_s_numbers_and_names() -> None:
    rows = {row.name: (row.jose_alg, row.cose_alg, row.hash_alg, row.available) for row in SUITES.values()}
    assert rows == {
        "ES256": ("ES256", -7, 1, True),
        "SM2-SM3": ("SM2-SM3", -65537, 2, True),
        "EdDSA": ("EdDSA", -8, 1, True),
        "ML-DSA-65": ("ML-DSA-65", -49, 1, True),
    }
    assert [suite(name).digest(b"abc")[:2].hex() for name in rows] == ["ba78", "66c7", "ba78", "ba78"]
    with pytest.raises(TypeError):
        SUITES["x"] = SUITES["ES256"]  # type: ignore[index]  # the promise is that this fails


def test_what_only_verifies_neither_generates_nor_signs() -> None:
    for name in ("EdDSA", "ML-DSA-65"):
        for use in (lambda name=name: generate(name), lambda name=name: load_signer(name, b"")):
            with pytest.raises(NotAllowed) as refused:
                use()
            assert (refused.value.code, refused.value.detail) == ("suite.verify_only", name)
    with pytest.raises(NotAllowed) as unknown:
        suite("none")
    assert (unknown.value.code, unknown.value.detail) == ("suite.unknown", "none")


@pytest.mark.parametrize("name", ISSUING)
def test_threads_share_a_signer_and_its_public_key(name: str) -> None:
    signer = load_signer(name, generate(name))

    def round_trip(number: int) -> None:
        message = number.to_bytes(4)
        verify_signature(name, spki=signer.spki, message=message, signature=signer.sign(message))

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(round_trip, range(200)))) == 200


def test_without_libcrypto_only_sm2_is_away() -> None:
    program = """
import ctypes
def gone(*_): raise OSError
ctypes.CDLL = gone
from ecert.domain.errors import Unavailable
from ecert.domain.suites import SUITES, generate, load_signer
assert not SUITES["SM2-SM3"].available
assert load_signer("ES256", generate("ES256")).sign(b"m")
try:
    generate("SM2-SM3")
except Unavailable as away:
    assert away.code == "suite.unavailable"
else:
    raise SystemExit("SM2 without a library")
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=VECTORS.parents[1])


def test_each_key_that_is_not_the_suite_s_has_the_code() -> None:
    for key in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        for name in ISSUING:
            spki = key.public_key().public_bytes(*SPKI_FORM)
            assert code_of(lambda name=name, spki=spki: check_key(name, spki)) == "suite.key"
            assert code_of(lambda name=name, pkcs8=pkcs8: load_signer(name, pkcs8)) == "suite.key"
    for name, foreign in (("ES256", "SM2-SM3"), ("SM2-SM3", "ES256")):
        assert code_of(lambda name=name, foreign=foreign: load_signer(name, generate(foreign))) == "suite.key"
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    compressed = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    assert code_of(lambda: check_key("ES256", head + compressed)) == "suite.key"


def test_r_and_s_lie_within_the_order() -> None:
    for r, s in ((1, 1), (1, 9), (9, 1), (9, 9)):
        assert from_der(to_der(r.to_bytes(32) + s.to_bytes(32), order=10)) == r.to_bytes(32) + s.to_bytes(32)
    for r, s in ((0, 1), (1, 0), (10, 1), (1, 10), (11, 1), (1, 11)):
        with pytest.raises(VerificationFailed, match="outside"):
            to_der(r.to_bytes(32) + s.to_bytes(32), order=10)
