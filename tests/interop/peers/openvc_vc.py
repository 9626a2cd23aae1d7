"""The package `openvc-core`: SD-JWT VC, Token Status List and COSE_Sign1, written apart from the reference."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from openvc import cbor, cose
from openvc.errors import OpenvcError
from openvc.keys import Ed25519SigningKey, MLDSASigningKey, P256SigningKey
from openvc.proof.sd_jwt import (
    SdJwtVcProofSuite,
    disclosure_digest,
    make_array_disclosure,
    make_object_disclosure,
)
from openvc.status.issue import build_status_list_token, verify_status_list_token
from openvc.status.token_status_list import check_token_status, decode_status_list, get_status
from wire import serve

Signing = P256SigningKey | Ed25519SigningKey | MLDSASigningKey


def verify(text: str, key: str) -> dict[str, Any]:
    suite = SdJwtVcProofSuite(allow_pq=True)
    claims: dict[str, Any] = suite.verify(text, public_key_jwk=_public(key)).claims
    return claims


def issue(visible: dict[str, Any], hidden: dict[str, Any], key: str, header: dict[str, str]) -> str:
    disclosures: list[str] = []

    def member(name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
        disclosures.append(make_object_disclosure(token_urlsafe(16), name, value))
        return str(disclosure_digest(disclosures[-1]))

    def entry(value: Any) -> dict[str, str]:  # noqa: ANN401 - any JSON value
        disclosures.append(make_array_disclosure(token_urlsafe(16), value))
        return {"...": disclosure_digest(disclosures[-1])}

    def inside(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if not isinstance(value, list):
            return value
        return [entry({"_sd": [member(*pair) for pair in item.items()]}) for item in value]

    claims = visible | {"_sd_alg": "sha-256"}
    claims["elements"] = {"_sd": [member(name, inside(value)) for name, value in hidden["elements"].items()]}
    claims["holders"] = [entry(holder) for holder in hidden["holders"]]
    names = ["file"] if "file" in hidden else []
    claims |= {name: hidden[name] for name in names}
    suite = SdJwtVcProofSuite(allow_pq=True)
    return str(suite.issue(claims, signing_key=_signing(key, header["kid"]), disclosable=names)) + "".join(
        f"{disclosure}~" for disclosure in disclosures
    )


def issue_plain(claims: dict[str, Any], disclosable: list[str], key: str, kid: str) -> str:
    return str(SdJwtVcProofSuite().issue(claims, signing_key=_signing(key, kid), disclosable=disclosable))


def read_status(token: str, key: str, reference: dict[str, Any], uri: str, now: int) -> int:
    claims = verify_status_list_token(
        token, public_key_jwk=_public(key), expected_uri=uri, now=datetime.fromtimestamp(now, UTC)
    )
    result = check_token_status({"status": reference}, resolve_status_list_token=lambda _uri: claims)
    return int(result.status)


def read_list(lst: str, bits: int, count: int) -> list[int]:
    packed = decode_status_list(lst)
    return [get_status(packed, index, bits=bits) for index in range(count)]


def write_status(bitmap: str, uri: str, times: dict[str, int], key: str, kid: str) -> str:
    packed = bytes.fromhex(bitmap)
    signing = _signing(key, kid)
    return str(build_status_list_token(signing_key=signing, uri=uri, status_list=packed, bits=2, **times))


def verify_cose(message: str, key: str) -> str | None:
    sign1 = cose.parse_sign1(cbor.decode(bytes.fromhex(message)))
    return str(sign1.payload.hex()) if cose.verify_sign1(sign1, public_jwk=_public(key)) else None


def _signing(pem: str, kid: str) -> Signing:
    match load_pem_private_key(pem.encode(), password=None):
        case ec.EllipticCurvePrivateKey() as private:
            return P256SigningKey(private, kid)
        case ed25519.Ed25519PrivateKey() as private:
            return Ed25519SigningKey(private, kid)
        case private:
            return MLDSASigningKey(private, kid, "ML-DSA-65")


def _public(pem: str) -> dict[str, Any]:
    match load_pem_public_key(pem.encode()):
        case ec.EllipticCurvePublicKey() as public:
            numbers = public.public_numbers()
            x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
            return {"kty": "EC", "crv": "P-256", "x": _b64(x), "y": _b64(y)}
        case ed25519.Ed25519PublicKey() as public:
            return {"kty": "OKP", "crv": "Ed25519", "x": _b64(public.public_bytes_raw())}
        case mldsa.MLDSA65PublicKey() as public:
            return {"kty": "AKP", "alg": "ML-DSA-65", "pub": _b64(public.public_bytes_raw())}
        case other:
            raise TypeError(type(other).__name__)


def _b64(raw: bytes) -> str:
    return str(cose._b64url(raw))


ACTS = {
    "verify": verify,
    "issue": issue,
    "issue_plain": issue_plain,
    "read_status": read_status,
    "read_list": read_list,
    "write_status": write_status,
    "verify_cose": verify_cose,
}
serve(ACTS, (OpenvcError,))
