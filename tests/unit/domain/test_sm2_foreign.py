"""SM2-SM3 and the `openssl` command read each other's keys and signatures."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ecert.domain.suites import generate, load_signer, verify_signature

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system

MESSAGE = b"message digest"
OPTIONS = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")


def openssl(*arguments: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def test_openssl_verifies_what_we_sign(tmp_path: Path) -> None:
    signer = load_signer("SM2-SM3", generate("SM2-SM3"))
    signature = signer.sign(MESSAGE)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    (tmp_path / "key").write_bytes(signer.spki)
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))
    key = ("-pubin", "-keyform", "DER", "-inkey", tmp_path / "key")
    answer = openssl(
        "pkeyutl", "-verify", *key, *OPTIONS, "-in", tmp_path / "message", "-sigfile", tmp_path / "signature"
    )
    assert b"Signature Verified Successfully" in answer


def test_we_verify_what_openssl_signs_and_load_its_key(tmp_path: Path) -> None:
    key, message, out = tmp_path / "key", tmp_path / "message", tmp_path / "signature"
    openssl("genpkey", "-algorithm", "SM2", "-outform", "DER", "-out", key)
    message.write_bytes(MESSAGE)
    openssl("pkeyutl", "-sign", "-keyform", "DER", "-inkey", key, *OPTIONS, "-in", message, "-out", out)
    r, s = decode_dss_signature(out.read_bytes())
    pkcs8 = openssl("pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-outform", "DER", "-in", key)
    signer = load_signer("SM2-SM3", pkcs8)
    verify_signature("SM2-SM3", spki=signer.spki, message=MESSAGE, signature=r.to_bytes(32) + s.to_bytes(32))


def test_openssl_reads_the_keys_that_we_make(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(pkcs8 := generate("SM2-SM3"))
    public = openssl("pkey", "-inform", "DER", "-in", tmp_path / "key", "-pubout", "-outform", "DER")
    assert public == load_signer("SM2-SM3", pkcs8).spki
