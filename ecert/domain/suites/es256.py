"""ECDSA on P-256 with SHA-256, by `cryptography`: the suite ES256 of RFC 7518 section 3.4."""

from __future__ import annotations

from functools import lru_cache, partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.signer import LocalSigner, local_signer
from ecert.domain.suites.rs_form import from_der, to_der

NAME = "ES256"

# SEC 2 version 2 section 2.4.2 (secp256r1): n, the order of the group.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ALGORITHM = ec.ECDSA(SHA256())


def verify(*, spki: bytes, message: bytes, signature: bytes) -> None:
    """Raise VerificationFailed unless r‖s signs the message; Malformed("suite.key") for a foreign key."""
    key = _public_key(spki)
    der = to_der(signature, order=_ORDER)
    try:
        key.verify(der, message, _ALGORITHM)
    except InvalidSignature as failure:
        raise VerificationFailed("the signature is not this key's") from failure


def check_key(spki: bytes) -> None:
    """Raise Malformed("suite.key") unless this is the one SPKI form of a key of this suite."""
    _public_key(spki)


def generate() -> bytes:
    """Make a private key, PKCS#8 DER, unencrypted."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def load_signer(pkcs8: bytes) -> LocalSigner:
    """Load a private key from PKCS#8 DER; raises Malformed("suite.key") for any other curve."""
    try:
        key = load_der_private_key(pkcs8, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise Malformed("suite.key", "not a PKCS#8 private key") from failure
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Malformed("suite.key", "not a P-256 private key")
    return local_signer(NAME, _spki(key.public_key()), partial(_sign, key))


# A verifier sees few keys, often.
@lru_cache(maxsize=4096)
def _public_key(spki: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise Malformed("suite.key", "not an SPKI public key") from failure
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Malformed("suite.key", "not a P-256 public key")
    # One key, one form: a compressed point would give the same key a second kid.
    if _spki(key) != spki:
        raise Malformed("suite.key", "not the canonical SPKI of its key")
    return key


def _spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    return from_der(key.sign(message, _ALGORITHM))
