"""A demonstration certificate, and tokens made by hand to break it: fictitious people, no real authority."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from ecert.domain import certificate, jws, suites
from ecert.domain.certificate import Face, File
from ecert.domain.holders import Holder
from ecert.domain.ids import licence_id, uscc_check
from ecert.domain.sd_jwt import SdJwt, hide_entry, hide_member
from ecert.domain.status import StatusRef
from ecert.domain.strict import b64url_encode

if TYPE_CHECKING:
    from ecert.domain.signer import LocalSigner

ISSUER = (body := "11329900MB0X0001" + "2") + uscc_check(body)
TYPE_CODE = "11100000MB03271699001"
LI = Holder("person", "001", "320599198803070011", "李示例", "owner")
WANG = Holder("person", "001", "320599199009120020", "王示例", "owner")
FILE = File("application/ofd", 70_123, "ab" * 32, "cd" * 32)
OWNERS = [{"name": "李示例", "share": "1/2"}, {"name": "王示例", "share": "1/2"}]
FACE = Face(
    licence=licence_id(type_code=TYPE_CODE, issuer=ISSUER, serial="00F1E2D3C4B5A697"),
    division="320509",
    iat=1_790_000_000,
    nbf=1_789_920_000,
    exp=None,
    status=StatusRef("https://32.example/status-lists/32-1", 7),
    elements={"location": "吴江区示例路1号", "area": "89.50", "owners": OWNERS, "tags": ["甲", "乙"]},
    holders=(LI, WANG),
    file=FILE,
)


@cache
def signer(suite: str = "ES256") -> LocalSigner:
    return suites.load_signer(suite, suites.generate(suite))


def issued(**changes: Any) -> str:  # noqa: ANN401 - any field of a face
    return str(certificate.sign(replace(FACE, **changes), signer()))


def claims(**changes: object) -> dict[str, object]:
    """Claims as an issuer of our profile signs them, without a disclosure; None leaves a claim out."""
    plain: dict[str, object] = {
        "iss": "urn:cn:uscc:" + ISSUER,
        "vct": "urn:cn:ecert:" + TYPE_CODE,
        "licence_id": str(FACE.licence),
        "division": "320509",
        "iat": 1_790_000_000,
        "nbf": 1_789_920_000,
        "status": FACE.status.claim(),
        "_sd_alg": "sha-256",
        "elements": {"_sd": []},
        "holders": [],
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


def token(payload: object, *disclosures: str) -> str:
    """Sign any payload, as an issuer that does not care would."""
    header = {"typ": certificate.TYP, "alg": "ES256", "kid": signer().kid}
    return str(SdJwt(raw_token(header, payload), disclosures, None))


def raw_token(header: object, payload: object) -> str:
    signing_input = f"{b64url_encode(orjson.dumps(header))}.{b64url_encode(orjson.dumps(payload))}"
    return f"{signing_input}.{b64url_encode(signer().sign(signing_input.encode()))}"


def reparsed(text: str) -> jws.Jws:
    return certificate.parse(text).token


__all__ = [
    "FACE",
    "FILE",
    "LI",
    "WANG",
    "claims",
    "hide_entry",
    "hide_member",
    "issued",
    "raw_token",
    "signer",
    "token",
]
