"""Ed25519, verified only: certificates from outside the four regions may bear it (RFC 8032, RFC 8037)."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ecert.domain.errors import Malformed, VerificationFailed

NAME = "EdDSA"


def verify(*, spki: bytes, message: bytes, signature: bytes) -> None:
    """Raise VerificationFailed unless these 64 bytes sign it; Malformed("suite.key") for a foreign key."""
    key = _public_key(spki)
    try:
        key.verify(signature, message)
    except InvalidSignature as failure:
        raise VerificationFailed("the signature is not this key's") from failure


def check_key(spki: bytes) -> None:
    """Raise Malformed("suite.key") unless this is the one SPKI form of a key of this suite."""
    _public_key(spki)


@lru_cache(maxsize=256)
def _public_key(spki: bytes) -> Ed25519PublicKey:
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise Malformed("suite.key", "not an SPKI public key") from failure
    if not isinstance(key, Ed25519PublicKey):
        raise Malformed("suite.key", "not an Ed25519 public key")
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise Malformed("suite.key", "not the canonical SPKI of its key")
    return key
