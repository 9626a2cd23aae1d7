"""The redeem response: what a code's home region answers to one requester for one use, signed (RFC 7515).

The code itself carries nothing and is not signed; this is. It names the code by its digest, the requester,
the use and what the item needs, and says whether the person at hand is the holder without any number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ecert.domain import jws
from ecert.domain.errors import Malformed
from ecert.domain.ids import parse_type_code
from ecert.domain.receipt import AnchorReceipt, parse_receipt
from ecert.domain.strict import b64url_decode, b64url_encode
from ecert.domain.text import is_clean

__all__ = [
    "LIMIT",
    "MOST_CERTIFICATES",
    "TYP",
    "Mutable",
    "RedeemClaims",
    "RedeemResponse",
    "Shown",
    "parse_response",
    "response_claims",
]

TYP: Final = "ecert-redeem+jwt"
ISS: Final = "urn:cn:ecert:region:"
LIMIT: Final = 512 * 1024
"""Characters of a response."""

MOST_CERTIFICATES: Final = 64
"""In one response."""

_ISSUER: Final = re.compile(re.escape(ISS) + r"([1-9][0-9])")

Kind = Literal["online", "typed"]

_CLAIMS: Final = {
    "iss",
    "iat",
    "jti",
    "code",
    "kind",
    "aud",
    "use",
    "item",
    "holder_match",
    "certificates",
    "missing",
}
_LATEST: Final = 2**40
_LONGEST: Final = 200
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True)
class Mutable:
    """A mutable element's value (penalty points, a state) and when it was so, Unix seconds."""

    value: object = field(repr=False)
    at: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate: a presentation of the item's elements alone, its receipt, and what is never signed."""

    sd_jwt: str = field(repr=False)
    receipt: AnchorReceipt | None
    mutable: Mapping[str, Mutable]
    status_reason: str | None


@dataclass(frozen=True, slots=True)
class RedeemClaims:
    """What is answered: `code` and `use` are SHA-256 digests; `holder_match` is None if no holder was named.

    `missing` lists the type codes that the item asks for and that no region has for the holder.
    """

    region: int
    iat: int
    jti: str
    code: bytes
    kind: Kind
    audience: str
    use: bytes
    item: str
    holder_match: bool | None
    certificates: tuple[Shown, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RedeemResponse:
    """A parsed response; the verifier checks `token` with `jws.verify` and the key that its `kid` names."""

    claims: RedeemClaims
    token: jws.Jws


def response_claims(response: RedeemClaims) -> dict[str, object]:
    """Give the claims to sign with `typ` TYP by the home region's code key."""
    return {
        "iss": f"{ISS}{response.region}",
        "iat": response.iat,
        "jti": response.jti,
        "code": b64url_encode(response.code),
        "kind": response.kind,
        "aud": response.audience,
        "use": b64url_encode(response.use),
        "item": response.item,
        "holder_match": response.holder_match,
        "certificates": [_shown_claims(shown) for shown in response.certificates],
        "missing": list(response.missing),
    }


def parse_response(text: str) -> RedeemResponse:
    """Read a response; Malformed `redeem.*`, `jws.*` or a part's own code. Nothing is verified yet."""
    token = jws.parse(text, typ=TYP, limit=LIMIT)
    claims = _fields(token.claims, _CLAIMS)
    match = claims["holder_match"]
    if match is not None and type(match) is not bool:
        raise Malformed("redeem.form", "holder_match is true, false or null")
    response = RedeemClaims(
        region=_region(claims["iss"]),
        iat=_time(claims["iat"]),
        jti=_text(claims["jti"]),
        code=_digest(claims["code"]),
        kind=_kind(claims["kind"]),
        audience=_text(claims["aud"]),
        use=_digest(claims["use"]),
        item=_text(claims["item"]),
        holder_match=match,
        certificates=tuple(_shown(entry) for entry in _list(claims["certificates"])),
        missing=tuple(parse_type_code(code) for code in _list(claims["missing"])),
    )
    return RedeemResponse(response, token)


def _shown_claims(shown: Shown) -> dict[str, object]:
    return {
        "sd_jwt": shown.sd_jwt,
        "receipt": shown.receipt.claims() if shown.receipt else None,
        "mutable": {key: {"value": state.value, "at": state.at} for key, state in shown.mutable.items()},
        "status_reason": shown.status_reason,
    }


def _shown(value: object) -> Shown:
    claims = _fields(value, {"sd_jwt", "receipt", "mutable", "status_reason"})
    sd_jwt, receipt, mutable, reason = (claims[name] for name in ("sd_jwt", "receipt", "mutable", "status_reason"))
    if not isinstance(sd_jwt, str) or not isinstance(mutable, dict):
        raise Malformed("redeem.form", "a certificate is a text with its mutable elements")
    return Shown(
        sd_jwt,
        None if receipt is None else parse_receipt(receipt),
        {key: _mutable(state) for key, state in mutable.items()},
        None if reason is None else _text(reason),
    )


def _mutable(value: object) -> Mutable:
    state = _fields(value, {"value", "at"})
    return Mutable(state["value"], _time(state["at"]))


def _fields(value: object, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or value.keys() != names:
        raise Malformed("redeem.form", "a name is missing or unknown")
    return value


def _region(value: object) -> int:
    found = _ISSUER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Malformed("redeem.issuer")
    return int(found[1])


def _kind(value: object) -> Kind:
    match value:
        case "online" | "typed":
            return value
        case _:
            raise Malformed("redeem.form", "the kind is online or typed")


def _time(value: object) -> int:
    if type(value) is not int or not 0 <= value < _LATEST:
        raise Malformed("redeem.form", "a time in Unix seconds is expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not is_clean(value):
        raise Malformed("redeem.form", f"a text of at most {_LONGEST} characters is expected")
    return value


def _digest(value: object) -> bytes:
    digest = b64url_decode(_text(value))
    if len(digest) != _DIGEST:
        raise Malformed("redeem.form", f"a digest of {_DIGEST} bytes is expected")
    return digest


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_CERTIFICATES:
        raise Malformed("redeem.form", f"a list of at most {MOST_CERTIFICATES} is expected")
    return value
