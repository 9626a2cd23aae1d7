"""The SD-JWT working group's reference implementation (package `sd-jwt`), with jwcrypto's signatures (RFC 9901)."""

from __future__ import annotations

from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier
from wire import serve


def verify(text: str, key: str) -> dict[str, Any]:
    verifier = SDJWTVerifier(text, lambda _issuer, _header: JWK.from_pem(key.encode()))
    payload: dict[str, Any] = verifier.get_verified_payload()
    return payload


def issue(
    visible: dict[str, Any],
    hidden: dict[str, Any],
    key: str,
    header: dict[str, str],
    *,
    holder_key: str | None = None,
    decoys: bool = False,
) -> str:
    claims: dict[Any, Any] = dict(visible)
    for name, value in hidden.items():
        inside = name in {"elements", "holders"}
        claims[name if inside else SDObj(name)] = _hide(value) if inside else value
    return SDJWTIssuer(
        claims,
        JWK.from_pem(key.encode()),
        holder_key=JWK.from_pem(holder_key.encode()) if holder_key else None,
        sign_alg=header["alg"],
        add_decoy_claims=decoys,
        extra_header_parameters=header,
    ).sd_jwt_issuance


def present(text: str, shown: dict[str, Any], holder_key: str | None = None) -> str:
    holder = SDJWTHolder(text)
    key = JWK.from_pem(holder_key.encode()) if holder_key else None
    holder.create_presentation(shown, nonce="n", aud="https://desk.example", holder_key=key)
    return str(holder.sd_jwt_presentation)


def _hide(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Hide every member of an object, and every entry of a list with, where it is an object, its members."""
    if isinstance(value, dict):
        return {SDObj(name): _entries(member) for name, member in value.items()}
    return [SDObj(entry) for entry in value]


def _entries(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(value, list):
        return value
    return [SDObj(_hide(entry) if isinstance(entry, dict) else entry) for entry in value]


serve({"verify": verify, "issue": issue, "present": present}, (JWException, ValueError, KeyError))
