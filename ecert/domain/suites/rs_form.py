"""Turns elliptic-curve signatures from DER, the form of libraries, into r‖s, which travels (RFC 7518 3.4)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ecert.domain.errors import VerificationFailed

_HALF = 32
_WHOLE = 64


def to_der(signature: bytes, *, order: int) -> bytes:
    """Check r and s, 32 bytes each in 1..order-1, and give them as DER; raises VerificationFailed."""
    if len(signature) != _WHOLE:
        raise VerificationFailed("a signature is r and s, 32 bytes each")
    r = int.from_bytes(signature[:_HALF])
    s = int.from_bytes(signature[_HALF:])
    if not (0 < r < order and 0 < s < order):
        raise VerificationFailed("r or s lies outside 1..n-1")
    return encode_dss_signature(r, s)


def from_der(signature: bytes) -> bytes:
    """Give a library's DER signature as r‖s, 64 bytes."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)
