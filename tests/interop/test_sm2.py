"""SM2 with SM3 agrees with the `openssl` command and with GmSSL: keys, signatures, certificates, both ways."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ecert.domain import certificate, jws, suites
from ecert.domain.errors import VerificationFailed
from ecert.domain.sd_jwt import SdJwt, split
from ecert.domain.strict import b64url_decode, b64url_encode
from ecert.domain.suites import digest, load_signer, verify_signature
from tests.interop.foreign import GMSSL, REFERENCE, RefusedError, ask
from tests.interop.parties import FACE, anchored, hidden, new_key, trusting, visible
from tests.unit.verifier.build import told
from verifier.findings import Group, Verdict

pytestmark = pytest.mark.interop

SUITE = "SM2-SM3"
SIGNER = load_signer(SUITE, suites.generate(SUITE))
# SPKI of id-ecPublicKey on the SM2 curve up to the uncompressed point's x (GB/T 35276, RFC 5480).
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
ZA = ("-pkeyopt", "distid:1234567812345678")


def openssl(*arguments: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def to_der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


def from_der(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return r.to_bytes(32) + s.to_bytes(32)


def gmssl_verifies(spki: bytes, message: bytes, signature: bytes) -> bool:
    point = spki.removeprefix(SPKI_HEAD).hex()
    verified: bool = ask(GMSSL, "verify", public=point, message=message.hex(), signature=to_der(signature).hex())
    return verified


def openssl_verifies(folder: Path, spki: bytes, message: bytes, signature: bytes) -> bool:
    for name, content in (("key", spki), ("message", message), ("signature", to_der(signature))):
        (folder / name).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin"]
    options = ["-digest", "sm3", *ZA, "-in", "message", "-sigfile", "signature"]
    return subprocess.run([*command, *options], cwd=folder, check=False, capture_output=True).returncode == 0


def unsigned() -> SdJwt:
    """Have the reference implementation make our profile's claims; only the signature is not SM2 yet."""
    key = new_key()
    return split(ask(REFERENCE, "issue", visible=visible(), hidden=hidden(), key=key.private_pem, header=key.header))


def signing_input(sd_jwt: SdJwt, kid: str) -> bytes:
    header = f'{{"typ":"dc+sd-jwt","alg":"SM2-SM3","kid":"{kid}"}}'
    return f"{b64url_encode(header.encode())}.{sd_jwt.jwt.split('.')[1]}".encode()


def whole(sd_jwt: SdJwt, signed: bytes, signature: bytes) -> str:
    return str(SdJwt(f"{signed.decode()}.{b64url_encode(signature)}", sd_jwt.disclosures, None))


def test_openssl_and_gmssl_verify_a_certificate_that_we_sign(tmp_path: Path) -> None:
    token = certificate.parse(str(certificate.sign(FACE, SIGNER))).token
    jws.verify(token, suite_name=SUITE, spki=SIGNER.spki)

    assert gmssl_verifies(SIGNER.spki, token.signing_input, token.signature)
    assert openssl_verifies(tmp_path, SIGNER.spki, token.signing_input, token.signature)


def test_openssl_and_gmssl_refuse_it_altered_or_under_another_key(tmp_path: Path) -> None:
    token = certificate.parse(str(certificate.sign(FACE, SIGNER))).token
    other = load_signer(SUITE, suites.generate(SUITE)).spki
    altered = token.signing_input[:-1] + bytes([token.signing_input[-1] ^ 1])

    for spki, message in ((SIGNER.spki, altered), (other, token.signing_input)):
        assert not gmssl_verifies(spki, message, token.signature)
        assert not openssl_verifies(tmp_path, spki, message, token.signature)


def test_a_certificate_that_gmssl_signs_is_accepted_and_refused_altered(tmp_path: Path) -> None:
    key = ask(GMSSL, "generate")
    spki = SPKI_HEAD + bytes.fromhex(key["public"])
    sd_jwt = unsigned()
    signed = signing_input(sd_jwt, suites.kid(spki))
    signature = from_der(bytes.fromhex(ask(GMSSL, "sign", **key, message=signed.hex())))
    world = trusting(tmp_path, suite=SUITE, spki=spki)
    wrong = signature[:-1] + bytes([signature[-1] ^ 1])
    refused = world.judge(anchored(world, whole(sd_jwt, signed, wrong)))

    assert world.judge(anchored(world, whole(sd_jwt, signed, signature))).verdict is Verdict.ACCEPT
    assert told(refused, Group.SIGNATURE) == "INVALID signature.wrong"
    assert refused.verdict is Verdict.REFUSE


def test_a_certificate_that_openssl_signs_is_accepted_and_refused_altered(tmp_path: Path) -> None:
    key, message, out = tmp_path / "key.pem", tmp_path / "message", tmp_path / "signature"
    openssl("genpkey", "-algorithm", "SM2", "-out", key)
    spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    sd_jwt = unsigned()
    message.write_bytes(signed := signing_input(sd_jwt, suites.kid(spki)))
    openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-digest", "sm3", *ZA, "-in", message, "-out", out)
    world = trusting(tmp_path / "world", suite=SUITE, spki=spki)
    signature = from_der(out.read_bytes())
    wrong = signature[:-1] + bytes([signature[-1] ^ 1])
    refused = world.judge(anchored(world, whole(sd_jwt, signed, wrong)))

    assert world.judge(anchored(world, whole(sd_jwt, signed, signature))).verdict is Verdict.ACCEPT
    assert told(refused, Group.SIGNATURE) == "INVALID signature.wrong"
    assert refused.verdict is Verdict.REFUSE


def test_a_signature_without_the_signer_s_identity_is_refused(tmp_path: Path) -> None:
    key, message, out = tmp_path / "key.pem", tmp_path / "message", tmp_path / "signature"
    openssl("genpkey", "-algorithm", "SM2", "-out", key)
    spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    message.write_bytes(b"message digest")
    openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-digest", "sm3", "-in", message, "-out", out)
    with pytest.raises(VerificationFailed):
        verify_signature(SUITE, spki=spki, message=b"message digest", signature=from_der(out.read_bytes()))


def test_an_x509_certificate_that_openssl_signs_in_sm2_bears_a_key_of_ours(tmp_path: Path) -> None:
    key, made = tmp_path / "key.pem", tmp_path / "x509.pem"
    openssl("genpkey", "-algorithm", "SM2", "-out", key)
    subject = ("-subj", "/C=CN/O=示例局", "-utf8", "-days", "3650")
    openssl("req", "-x509", "-new", "-key", key, "-sm3", "-sigopt", ZA[1], *subject, "-out", made)
    pem = openssl("x509", "-in", made, "-pubkey", "-noout")
    spki = b64url_decode("".join(pem.decode().split("\n")[1:-2]).replace("+", "-").replace("/", "_").rstrip("="))
    der = openssl("x509", "-in", made, "-outform", "DER")
    tbs, signature = x509_parts(der)

    suites.check_key(SUITE, spki)
    verify_signature(SUITE, spki=spki, message=tbs, signature=from_der(signature))
    with pytest.raises(VerificationFailed):
        verify_signature(SUITE, spki=spki, message=tbs + b"\0", signature=from_der(signature))


def x509_parts(der: bytes) -> tuple[bytes, bytes]:
    """Take the signed part and the signature out of a certificate (RFC 5280 section 4.1)."""
    whole_head, _ = head(der, 0)
    tbs_head, tbs_size = head(der, whole_head)
    at = whole_head + tbs_head + tbs_size
    algorithm_head, algorithm_size = head(der, at)
    bits = at + algorithm_head + algorithm_size
    bits_head, _ = head(der, bits)
    return der[whole_head:at], der[bits + bits_head + 1 :]


def head(der: bytes, at: int) -> tuple[int, int]:
    """Read tag and length at a place: the size of both, and the length."""
    first = der[at + 1]
    if first < 0x80:
        return 2, first
    count = first & 0x7F
    return 2 + count, int.from_bytes(der[at + 2 : at + 2 + count])


def test_gmssl_loads_our_key_and_we_load_none_off_the_curve() -> None:
    point = SIGNER.spki.removeprefix(SPKI_HEAD)
    off = point[:-1] + bytes([point[-1] ^ 1])

    assert gmssl_verifies(SIGNER.spki, b"m", SIGNER.sign(b"m"))
    with pytest.raises(RefusedError):
        ask(GMSSL, "verify", public=off.hex(), message="00", signature=to_der(SIGNER.sign(b"\0")).hex())
    with pytest.raises(suites.Malformed):
        suites.check_key(SUITE, SPKI_HEAD + off)


@pytest.mark.parametrize("message", [b"", b"abc", "电子证照".encode(), bytes(1000)])
def test_sm3_is_gmssl_s(message: bytes) -> None:
    assert ask(GMSSL, "sm3", message=message.hex()) == digest(suites.SM3, message).hex()
