"""The certificate: an SD-JWT whose every element and holder is a disclosure of its own (RFC 9901, SD-JWT VC).

Always visible: issuer, type, licence identifier, division, dates and the status reference; nothing personal. Hidden,
each behind its own salt: every element, every entry of a list and every field of an entry, every holder, and the
sealed file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ecert.domain import jws
from ecert.domain.errors import Malformed
from ecert.domain.holders import Holder, parse_holder
from ecert.domain.ids import LicenceId, parse_division, parse_licence_id, parse_type_code, parse_uscc
from ecert.domain.sd_jwt import SD_ALG, SdJwt, disclose, hide_entry, hide_member, split
from ecert.domain.signer import Signer
from ecert.domain.status import StatusRef, parse_status_ref
from ecert.domain.strict import b64url_encode, loads

__all__ = ["Certificate", "Face", "File", "fingerprint", "parse", "select", "sign"]

TYP = "dc+sd-jwt"
ISS = "urn:cn:uscc:"
VCT = "urn:cn:ecert:"
_LIMIT = 256 * 1024
_OVERHEAD = 8 * 1024  # header and the longest signature (ML-DSA-65, 3,309 bytes), in base64url
_REQUIRED = {"iss", "vct", "licence_id", "division", "iat", "nbf", "status", "_sd_alg", "elements", "holders"}
_KNOWN = _REQUIRED | {"exp", "_sd", "cnf"}
_HIDDEN = {"file"}
_LATEST = 2**40
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,49}/[a-z0-9][a-z0-9.+-]{0,49}")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class File:
    """The OFD or PDF that the authority sealed (GB/T 36905, GB/T 38540): media type, bytes, SHA-256 and SM3 in hex."""

    media_type: str
    size: int
    sha256: str
    sm3: str

    def claims(self) -> dict[str, object]:
        """Give the wire object that `parse_file` reads."""
        return {"media_type": self.media_type, "size": self.size, "sha256": self.sha256, "sm3": self.sm3}


@dataclass(frozen=True, slots=True)
class Face:
    """What an authority is about to sign. Times are Unix seconds; `exp` None is 长期 (no end)."""

    licence: LicenceId
    division: str
    iat: int
    nbf: int
    exp: int | None
    status: StatusRef
    elements: Mapping[str, object]
    holders: tuple[Holder, ...]
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed certificate or presentation: what is visible, what was disclosed, and the bytes that were signed."""

    token: jws.Jws
    sd_jwt: SdJwt
    issuer: str
    type_code: str
    licence: LicenceId
    division: str
    iat: int
    nbf: int
    exp: int | None
    status: StatusRef
    elements: Mapping[str, Any]
    holders: tuple[Holder, ...]
    file: File | None
    fingerprint: bytes


def fingerprint(jwt: str) -> bytes:
    """SHA-256 of the issuer-signed JWT, the part before the first tilde: 32 bytes, what is anchored."""
    return hashlib.sha256(jwt.encode("ascii")).digest()


def sign(face: Face, signer: Signer) -> SdJwt:
    """Sign a face with every part hidden; the result carries all disclosures and belongs to the holder alone.

    Malformed("certificate.unreadable", "certificate.*" or a part's own code) where `parse` would refuse the result:
    what nobody can read is never signed.
    """
    disclosures: list[str] = []

    def member(name: str, value: object) -> str:
        disclosure, digest = hide_member(name, _conceal(value, disclosures))
        disclosures.append(disclosure)
        return digest

    def entry(value: object) -> dict[str, str]:
        disclosure, digest = hide_entry(value)
        disclosures.append(disclosure)
        return {"...": digest}

    claims: dict[str, object] = {
        "iss": ISS + face.licence.issuer,
        "vct": VCT + face.licence.type_code,
        "licence_id": str(face.licence),
        "division": face.division,
        "iat": face.iat,
        "nbf": face.nbf,
    }
    if face.exp is not None:
        claims["exp"] = face.exp
    claims["status"] = {"status_list": {"idx": face.status.index, "uri": face.status.uri}}
    claims["_sd_alg"] = SD_ALG
    claims["elements"] = {"_sd": sorted(member(key, value) for key, value in face.elements.items())}
    claims["holders"] = [entry(holder.claims()) for holder in face.holders]
    if face.file is not None:
        claims["_sd"] = [member("file", face.file.claims())]
    _hold_readable(claims, disclosures)
    return SdJwt(jws.sign(signer, typ=TYP, claims=claims), tuple(disclosures), None)


def _hold_readable(claims: Mapping[str, object], disclosures: list[str]) -> None:
    try:
        payload = loads(orjson.dumps(claims), limit=_LIMIT)
        split("~".join((b64url_encode(orjson.dumps(payload)) + "." * _OVERHEAD, *disclosures, "")))
        _judge(_object(payload), disclose(_object(payload), disclosures).claims)
    except Malformed as fault:
        if fault.code.startswith(("sd_jwt.", "json.")):
            raise Malformed("certificate.unreadable", str(fault)) from None
        raise


def _conceal(value: object, disclosures: list[str]) -> object:
    """Hide a list's entries, and each entry's fields, before the list itself is hidden (RFC 9901 section 4.2.6)."""
    if not isinstance(value, list):
        return value
    hidden: list[object] = []
    for item in value:
        shown = item
        if isinstance(item, Mapping):
            pairs = [hide_member(name, field) for name, field in item.items()]
            disclosures.extend(disclosure for disclosure, _ in pairs)
            shown = {"_sd": sorted(digest for _, digest in pairs)}
        disclosure, digest = hide_entry(shown)
        disclosures.append(disclosure)
        hidden.append({"...": digest})
    return hidden


def parse(text: str) -> Certificate:
    """Read a certificate or presentation; nothing is verified. Malformed("jws.*" | "sd_jwt.*" | "certificate.*")."""
    return _read(split(text))[0]


def select(text: str, *, elements: Collection[str], holders: Collection[str] | None = None, file: bool = False) -> str:
    """Keep the disclosures of the named elements only, and of the holders whose id is named (None: of all)."""
    certificate, under = _read(split(text))
    kept: set[int] = set()
    for (container, name), numbers in under.items():
        if (
            (container == "elements" and name in elements)
            or (container == "holders" and _chosen(certificate.holders, name, holders))
            or (container == "" and name == "file" and file)
        ):
            kept.update(numbers)
    shown = tuple(d for n, d in enumerate(certificate.sd_jwt.disclosures) if n in kept)
    return str(SdJwt(certificate.sd_jwt.jwt, shown, None))


def _chosen(holders: tuple[Holder, ...], entry: str | int, wanted: Collection[str] | None) -> bool:
    return wanted is None or (isinstance(entry, int) and holders[entry].id in wanted)


def _read(sd_jwt: SdJwt) -> tuple[Certificate, Mapping[tuple[str, str | int], tuple[int, ...]]]:
    token = jws.parse(sd_jwt.jwt, typ=TYP, limit=_LIMIT)
    disclosed = disclose(token.claims, sd_jwt.disclosures)
    parts = _judge(token.claims, disclosed.claims)
    return Certificate(token=token, sd_jwt=sd_jwt, fingerprint=fingerprint(sd_jwt.jwt), **parts), disclosed.under


def _judge(signed: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
    """Hold the claims as signed, and with what was disclosed in place, to the profile; return a certificate's parts."""
    _hold_names(signed, claims)
    licence = parse_licence_id(claims["licence_id"])
    issuer = parse_uscc(_after(ISS, claims["iss"]))
    type_code = parse_type_code(_after(VCT, claims["vct"]))
    if (licence.issuer, licence.type_code) != (issuer, type_code):
        raise Malformed("certificate.licence_id", "the licence identifier names another issuer or type")
    nbf, exp = _time(claims["nbf"]), _time(claims["exp"]) if "exp" in claims else None
    if exp is not None and exp <= nbf:
        raise Malformed("certificate.dates", "the end is not after the beginning")
    return {
        "issuer": issuer,
        "type_code": type_code,
        "licence": licence,
        "division": parse_division(claims["division"]),
        "iat": _time(claims["iat"]),
        "nbf": nbf,
        "exp": exp,
        "status": parse_status_ref(claims["status"]),
        "elements": _object(claims["elements"]),
        "holders": tuple(parse_holder(holder) for holder in _list(claims["holders"])),
        "file": _file(claims["file"]) if "file" in claims else None,
    }


def _hold_names(signed: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    names = signed.keys()
    if not _REQUIRED <= names <= _KNOWN or signed["_sd_alg"] != SD_ALG:
        raise Malformed("certificate.claims", f"a claim is missing or unknown, or _sd_alg is not {SD_ALG}")
    # A hidden `exp` would make a certificate endless for whoever withholds it.
    if claims.keys() - names - _HIDDEN:
        raise Malformed("certificate.claims", "file is the only claim that may be hidden")
    if _object(signed["elements"]).keys() != {"_sd"} or not all(_is_hidden(h) for h in _list(signed["holders"])):
        raise Malformed("certificate.visible", "every element and every holder is hidden by itself")


def _is_hidden(entry: object) -> bool:
    return isinstance(entry, dict) and entry.keys() == {"..."}


def _file(value: object) -> File:
    fields = _object(value)
    if fields.keys() != {"media_type", "size", "sha256", "sm3"}:
        raise Malformed("certificate.file", "media_type, size, sha256 and sm3 are expected")
    media_type, *digests = fields["media_type"], fields["sha256"], fields["sm3"]
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        raise Malformed("certificate.file", "a media type is expected")
    if not all(isinstance(digest, str) and _HEX.fullmatch(digest) for digest in digests):
        raise Malformed("certificate.file", "two digests of 32 bytes in lower-case hex are expected")
    return File(media_type, _time(fields["size"]), fields["sha256"], fields["sm3"])


def _after(prefix: str, value: object) -> str:
    if not isinstance(value, str) or not value.startswith(prefix):
        raise Malformed("certificate.urn", f"a name that begins with {prefix} is expected")
    return value[len(prefix) :]


def _time(value: object) -> int:
    if type(value) is not int or not 0 <= value < _LATEST:
        raise Malformed("certificate.number", "a whole number of seconds is expected")
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("certificate.form", "an object is expected")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Malformed("certificate.form", "an array is expected")
    return value
