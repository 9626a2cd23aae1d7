"""Compact JWS with the house's closed header, for certificates, status lists, redeem responses and receipts (RFC 7515).

The header is exactly `{typ, alg, kid}`. `alg` is never believed: the verifier takes the suite from the trusted key
record that `kid` names and only checks that the message agrees (RFC 8725 sections 3.1 and 3.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.signer import Signer
from ecert.domain.strict import b64url_decode, b64url_encode, loads
from ecert.domain.suites import suite, verify_signature

__all__ = ["Jws", "parse", "sign", "verify"]

_HEADER_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Jws:
    """A parsed token: the claims, and the very bytes that were signed."""

    alg: str
    kid: str
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def sign(signer: Signer, *, typ: str, claims: Mapping[str, Any]) -> str:
    """Return the compact form `header.payload.signature` over the claims in the order given."""
    header = {"typ": typ, "alg": suite(signer.suite).jose_alg, "kid": signer.kid}
    signing_input = f"{b64url_encode(orjson.dumps(header))}.{b64url_encode(orjson.dumps(claims))}"
    return f"{signing_input}.{b64url_encode(signer.sign(signing_input.encode()))}"


def parse(text: str, *, typ: str, limit: int) -> Jws:
    """Read a token of type `typ`, at most `limit` characters. Malformed("jws.*") for anything else."""
    if not isinstance(text, str) or len(text) > limit:
        raise Malformed("jws.size", f"a string of at most {limit} characters is expected")
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 — RFC 7515 section 7.1: three parts
        raise Malformed("jws.form", "three parts separated by dots are expected")
    alg, kid = _header(parts[0], typ)
    claims = loads(b64url_decode(parts[1]), limit=limit)
    if not isinstance(claims, dict):
        raise Malformed("jws.claims", "the payload is an object")
    signing_input = text[: text.rindex(".")].encode("ascii")
    return Jws(alg, kid, claims, signing_input, b64url_decode(parts[2]))


def verify(token: Jws, *, suite_name: str, spki: bytes) -> None:
    """Check the signature by the trusted key (SPKI DER) and its suite. VerificationFailed where it does not hold."""
    if token.alg != suite(suite_name).jose_alg:
        raise VerificationFailed("the token's alg is not the trusted key's")
    verify_signature(suite_name, spki=spki, message=token.signing_input, signature=token.signature)


# One header stands on all that one key signs, so the same few are met again and again.
@lru_cache(maxsize=1024)
def _header(text: str, typ: str) -> tuple[str, str]:
    header = loads(b64url_decode(text), limit=_HEADER_LIMIT)
    if not isinstance(header, dict) or header.keys() != {"typ", "alg", "kid"}:
        raise Malformed("jws.header", "the header has exactly typ, alg and kid")
    alg, kid = header["alg"], header["kid"]
    if header["typ"] != typ or not isinstance(alg, str) or not isinstance(kid, str) or alg.lower() == "none":
        raise Malformed("jws.header", f"typ {typ}, and an alg and a kid, are expected")
    return alg, kid
