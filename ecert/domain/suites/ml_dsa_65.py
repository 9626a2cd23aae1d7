"""ML-DSA-65, verified only: the post-quantum signature to which the regions may move (FIPS 204)."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ecert.domain.errors import Malformed, VerificationFailed

NAME = "ML-DSA-65"


def verify(*, spki: bytes, message: bytes, signature: bytes) -> None:
    """Raise VerificationFailed unless these 3309 bytes sign it; Malformed("suite.key") for a foreign key."""
    key = _public_key(spki)
    try:
        key.verify(signature, message)
    except InvalidSignature as failure:
        raise VerificationFailed("the signature is not this key's") from failure


def check_key(spki: bytes) -> None:
    """Raise Malformed("suite.key") unless this is the one SPKI form of a key of this suite."""
    _public_key(spki)


@lru_cache(maxsize=256)
def _public_key(spki: bytes) -> MLDSA65PublicKey:
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise Malformed("suite.key", "not an SPKI public key") from failure
    if not isinstance(key, MLDSA65PublicKey):
        raise Malformed("suite.key", "not an ML-DSA-65 public key")
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise Malformed("suite.key", "not the canonical SPKI of its key")
    return key
