"""The offline code: what a window needs where there is no network, signed by the code's home region.

docs/spec/codes.md: `ECERT1:` + base45 (RFC 9285) of a COSE_Sign1 over a CBOR map with small integer keys; a
code has exactly one text. Whoever stands at the window is matched by a slow hash (RFC 7914), because resident
numbers are few enough to be searched.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import base45

from ecert.domain import cose
from ecert.domain.errors import Malformed, NotAllowed
from ecert.domain.offline_claims import (
    COMMITMENT_SIZE,
    NONCE_SIZE,
    OfflineCertificate,
    OfflineClaims,
    StatusPlace,
    from_wire,
    to_wire,
)

if TYPE_CHECKING:
    from ecert.domain.holders import HolderRef
    from ecert.domain.signer import Signer

__all__ = [
    "LIMIT",
    "NONCE_SIZE",
    "PREFIX",
    "OfflineCertificate",
    "OfflineClaims",
    "OfflineCode",
    "StatusPlace",
    "commitment",
    "encode",
    "is_holder",
    "parse",
]

PREFIX: Final = "ECERT1:"
LIMIT: Final = 350
"""Bytes before base45: 525 characters, a QR code of version 15 at level M, which phones still show well."""

_LONGEST: Final = len(PREFIX) + LIMIT * 3 // 2
_FORM: Final = re.compile(re.escape(PREFIX) + r"[0-9A-Z $%*+\-./:]+")
_SCRYPT_COST: Final = 2**14


@dataclass(frozen=True, slots=True)
class OfflineCode:
    """A parsed code; the verifier checks `message` with `cose.verify` and the key that its `kid` names."""

    claims: OfflineClaims
    message: cose.Sign1


def encode(claims: OfflineClaims, signer: Signer) -> str:
    """Write and sign a code; NotAllowed("offline.too_large") with the size beyond `LIMIT` bytes."""
    message = cose.sign(signer, cose.dumps(to_wire(claims)))
    if len(message) > LIMIT:
        raise NotAllowed("offline.too_large", f"{len(message)} bytes, at most {LIMIT}")
    return PREFIX + str(base45.b45encode(message), "ascii")


def parse(text: object) -> OfflineCode:
    """Read a code; Malformed `offline.*`, `cose.*`, `cbor.*`, `division.form`. Nothing is verified yet."""
    if not isinstance(text, str) or len(text) > _LONGEST or not _FORM.fullmatch(text):
        raise Malformed("offline.form")
    try:
        data = base45.b45decode(text.removeprefix(PREFIX))
    except ValueError:
        raise Malformed("offline.base45") from None
    message = cose.parse(data, limit=LIMIT)
    return OfflineCode(from_wire(cose.loads(message.payload, limit=LIMIT)), message)


def commitment(ref: HolderRef, *, nonce: bytes) -> bytes:
    """Commit to a holder, 16 bytes: scrypt (N 2^14, r 8, p 1) of `id_type:id` under the code's nonce.

    Takes some 50 ms and 16 MB on purpose: it slows a search of the numbers down, and does not prevent one
    (docs/divergences.md, "Offline holder commitment").
    """
    secret = str(ref).encode()
    return hashlib.scrypt(secret, salt=nonce, n=_SCRYPT_COST, r=8, p=1, dklen=COMMITMENT_SIZE)


def is_holder(claims: OfflineClaims, ref: HolderRef) -> bool:
    """Tell whether `ref` is the holder to whom the code was given, or the agent who shows it."""
    shown = commitment(ref, nonce=claims.nonce)
    agent = claims.agent is not None and hmac.compare_digest(shown, claims.agent)
    return hmac.compare_digest(shown, claims.holder) or agent
