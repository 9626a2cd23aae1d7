"""COSE_Sign1 with one encoding for each message, for what must fit into a code (RFC 9052 section 4.2).

CBOR is deterministic (RFC 8949 section 4.2.1) and plain: integers, text, bytes, arrays and maps, no tag but
the outer 18. The protected header is exactly {1: alg, 4: kid}; the unprotected one is empty. As with JWS,
`alg` is never believed: the verifier takes the suite from the trusted key record that `kid` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cbor2

from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.signer import key_id
from ecert.domain.suites import suite, verify_signature

if TYPE_CHECKING:
    from ecert.domain.signer import Signer

__all__ = ["Sign1", "dumps", "loads", "parse", "sign", "verify"]

_TAG: Final = b"\xd2"
_ALG, _KID = 1, 4
_KEY_ID_SIZE: Final = 32
_DEPTH: Final = 8
_INTEGERS: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Sign1:
    """A parsed message: `alg` as it claims, `kid` 32 bytes, `signing_input` the very bytes signed."""

    alg: int
    kid: bytes
    payload: bytes
    signing_input: bytes
    signature: bytes


def sign(signer: Signer, payload: bytes) -> bytes:
    """Return the tagged message over `payload`, signed by `signer`."""
    protected = dumps({_ALG: suite(signer.suite).cose_alg, _KID: key_id(signer.spki)})
    signature = signer.sign(_signing_input(protected=protected, payload=payload))
    return _TAG + dumps([protected, {}, payload, signature])


def parse(data: bytes, *, limit: int) -> Sign1:
    """Read a tagged message of at most `limit` bytes; Malformed `cose.*`, `cbor.*`. Nothing is verified."""
    if not isinstance(data, bytes) or data[:1] != _TAG:
        raise Malformed("cose.form", "tag 18 is expected")
    match loads(data[1:], limit=limit):
        case [bytes() as protected, dict() as unprotected, bytes() as payload, bytes() as signature]:
            alg, kid = _header(protected)
        case _:
            raise Malformed("cose.form", "four parts are expected")
    if unprotected:
        raise Malformed("cose.header", "the unprotected header is empty")
    return Sign1(alg, kid, payload, _signing_input(protected=protected, payload=payload), signature)


def verify(message: Sign1, *, suite_name: str, spki: bytes) -> None:
    """Check the signature by the trusted key (SPKI DER) and its suite.

    VerificationFailed where it does not hold, NotAllowed("suite.unknown") for a suite that this release does not know.
    """
    if message.alg != suite(suite_name).cose_alg:
        raise VerificationFailed("the message's alg is not the trusted key's")
    verify_signature(suite_name, spki=spki, message=message.signing_input, signature=message.signature)


def dumps(value: object) -> bytes:
    """Write a plain value in its one deterministic encoding."""
    return cbor2.dumps(value, canonical=True)


def loads(data: bytes, *, limit: int) -> object:
    """Read one plain value in its one encoding, at most `limit` bytes; Malformed `cbor.*`."""
    if len(data) > limit:
        raise Malformed("cbor.size", f"{len(data)} bytes, at most {limit}")
    try:
        value: object = cbor2.loads(data, max_depth=_DEPTH, allow_indefinite=False)
    except cbor2.CBORDecodeError:
        raise Malformed("cbor.syntax") from None
    # The reader understands tags; an ill-chosen one (a pattern, a huge decimal) must not be written back.
    if not _is_plain(value):
        raise Malformed("cbor.type", "only integers, text, bytes, arrays and maps are expected")
    if dumps(value) != data:
        raise Malformed("cbor.canonical")
    return value


def _is_plain(value: object) -> bool:
    if type(value) is int:
        return value in _INTEGERS
    if type(value) is list:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(type(key) in (int, str) and _is_plain(key) and _is_plain(value[key]) for key in value)
    return type(value) in (str, bytes)


def _header(protected: bytes) -> tuple[int, bytes]:
    header = loads(protected, limit=64)
    if not isinstance(header, dict) or header.keys() != {_ALG, _KID}:
        raise Malformed("cose.header", "the protected header has exactly alg and kid")
    alg, kid = header[_ALG], header[_KID]
    if type(alg) is not int:
        raise Malformed("cose.alg")
    if not isinstance(kid, bytes) or len(kid) != _KEY_ID_SIZE:
        raise Malformed("cose.kid", f"{_KEY_ID_SIZE} bytes are expected")
    return alg, kid


def _signing_input(*, protected: bytes, payload: bytes) -> bytes:
    """Sig_structure, RFC 9052 section 4.4, with no external data."""
    return dumps(["Signature1", protected, b"", payload])
