"""The package `cwt`: COSE_Sign1 with ES256 (RFC 9052, RFC 9053), messages and payloads in hex."""

from __future__ import annotations

from cwt import COSE, COSEKey
from cwt.exceptions import CWTError
from wire import serve


def verify(message: str, key: str, kid: str) -> str:
    public = COSEKey.from_pem(key, kid=bytes.fromhex(kid))
    payload = COSE.new(verify_kid=True).decode(bytes.fromhex(message), public)
    return bytes(payload).hex()


def sign(payload: str, key: str, kid: str, unprotected: str = "") -> str:
    private = COSEKey.from_pem(key)
    protected = {1: -7, 4: bytes.fromhex(kid)}
    cose = COSE.new(deterministic_header=True)
    more = {16: unprotected} if unprotected else {}
    return bytes(cose.encode(bytes.fromhex(payload), private, protected=protected, unprotected=more)).hex()


def sign_as_it_likes(payload: str, key: str, kid: str) -> str:
    """Leave the headers to the package: alg protected, kid not."""
    private = COSEKey.from_pem(key, kid=bytes.fromhex(kid))
    cose = COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True)
    return bytes(cose.encode(bytes.fromhex(payload), private)).hex()


serve({"verify": verify, "sign": sign, "sign_as_it_likes": sign_as_it_likes}, (CWTError, ValueError))
