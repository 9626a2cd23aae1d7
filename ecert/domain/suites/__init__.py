"""The signature suites: a table of frozen rows, chosen by the trusted key record, never by the message.

>>> signer = load_signer("ES256", generate("ES256"))
>>> verify_signature("ES256", spki=signer.spki, message=b"m", signature=signer.sign(b"m"))

A new suite is a file beside this one and a row here. JOSE and COSE names are IANA's, but for SM2's, which are
private (docs/divergences.md).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ecert.domain.errors import Malformed, NotAllowed
from ecert.domain.signer import key_id, kid
from ecert.domain.suites import eddsa, es256, ml_dsa_65, sm2_sm3
from ecert.domain.suites.hashes import SHA256, SM3, digest
from ecert.domain.suites.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecert.domain.signer import LocalSigner

__all__ = [
    "SHA256",
    "SM3",
    "SUITES",
    "Suite",
    "check_key",
    "digest",
    "generate",
    "key_id",
    "kid",
    "load_signer",
    "suite",
    "verify_signature",
]

_ROWS = (
    Suite(
        name=es256.NAME,
        jose_alg="ES256",
        cose_alg=-7,
        hash_alg=SHA256,
        available=True,
        verify=es256.verify,
        check_key=es256.check_key,
        generate=es256.generate,
        load_signer=es256.load_signer,
    ),
    Suite(
        name=sm2_sm3.NAME,
        jose_alg="SM2-SM3",
        cose_alg=-65537,
        hash_alg=SM3,
        available=sm2_sm3.AVAILABLE,
        verify=sm2_sm3.verify,
        check_key=sm2_sm3.check_key,
        generate=sm2_sm3.generate,
        load_signer=sm2_sm3.load_signer,
    ),
    Suite(eddsa.NAME, "EdDSA", -8, SHA256, available=True, verify=eddsa.verify, check_key=eddsa.check_key),
    Suite(
        ml_dsa_65.NAME,
        "ML-DSA-65",
        -49,
        SHA256,
        available=True,
        verify=ml_dsa_65.verify,
        check_key=ml_dsa_65.check_key,
    ),
)

SUITES: Mapping[str, Suite] = MappingProxyType({row.name: row for row in _ROWS})


def suite(name: str) -> Suite:
    """Return the row of a name; raises NotAllowed("suite.unknown")."""
    if name not in SUITES:
        raise NotAllowed("suite.unknown", name)
    return SUITES[name]


def verify_signature(name: str, *, spki: bytes, message: bytes, signature: bytes) -> None:
    """Raise VerificationFailed unless the signature (r‖s for ES256 and SM2-SM3) is the key's.

    Also raises Malformed("suite.key") for another suite's key, Unavailable("suite.unavailable") without SM2.
    """
    suite(name).verify(spki=spki, message=message, signature=signature)


def check_key(name: str, spki: bytes) -> None:
    """Raise Malformed("suite.key") unless this is the suite's public key in its one SPKI DER form."""
    _must_be_bytes(spki)
    suite(name).check_key(spki)


def generate(name: str) -> bytes:
    """Make a private key for an issuing suite, PKCS#8 DER; raises NotAllowed("suite.verify_only")."""
    make = suite(name).generate
    if make is None:
        raise NotAllowed("suite.verify_only", name)
    return make()


def load_signer(name: str, pkcs8: bytes) -> LocalSigner:
    """Load a PKCS#8 DER private key; raises NotAllowed("suite.verify_only"), Malformed("suite.key")."""
    load = suite(name).load_signer
    if load is None:
        raise NotAllowed("suite.verify_only", name)
    _must_be_bytes(pkcs8)
    return load(pkcs8)


def _must_be_bytes(key: object) -> None:
    if not isinstance(key, bytes):
        raise Malformed("suite.key", f"bytes wanted, not {type(key).__name__}")
