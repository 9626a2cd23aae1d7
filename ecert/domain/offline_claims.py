"""What an offline code says, and how that stands in CBOR: maps with the integer keys of docs/spec/codes.md.

Small because the whole must stay easy to scan: a certificate type is its number in the catalogue, a status
list its region and number, and only what the item needs of a certificate's face is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ecert.domain.errors import Malformed
from ecert.domain.ids import division_from_int, division_to_int
from ecert.domain.suites import SHA256

if TYPE_CHECKING:
    from collections.abc import Mapping

NONCE_SIZE: Final = 8
COMMITMENT_SIZE: Final = 16

_REGION, _IAT, _EXP, _NONCE, _ITEM, _HOLDER, _AGENT, _CERTIFICATES = range(1, 9)
_TYPE, _STATUS, _DIVISION, _KEY, _NBF, _END, _BATCH, _FINGERPRINT, _HASH_ALG, _ELEMENTS = range(1, 11)

_CODE_NEEDS: Final = {_REGION, _IAT, _EXP, _NONCE, _ITEM, _HOLDER, _CERTIFICATES}
_CERTIFICATE_NEEDS: Final = {_TYPE, _STATUS, _DIVISION, _KEY, _NBF, _BATCH, _FINGERPRINT, _ELEMENTS}
_LATEST: Final = 2**40
_MOST: Final = 2**32
_LONGEST_ITEM: Final = 40


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Entry `index` of list `number` of a region."""

    region: int
    number: int
    index: int


@dataclass(frozen=True, slots=True)
class OfflineCertificate:
    """One certificate, attested by the home region: times in Unix seconds, `exp` None is 长期 (no end)."""

    type_no: int
    status: StatusPlace
    division: str
    authority_key: bytes
    nbf: int
    exp: int | None
    batch: int
    fingerprint: bytes
    elements: Mapping[str, object] = field(repr=False)
    hash_alg: int = SHA256


@dataclass(frozen=True, slots=True)
class OfflineClaims:
    """The whole code; `holder` and `agent` are `offline.commitment`s, `agent` for an organisation's."""

    region: int
    iat: int
    exp: int
    nonce: bytes
    item: str
    holder: bytes
    agent: bytes | None
    certificates: tuple[OfflineCertificate, ...]


def to_wire(claims: OfflineClaims) -> dict[int, object]:
    """Give the CBOR map of a code; what is absent (agent, exp, SHA-256) has no key."""
    agent = {} if claims.agent is None else {_AGENT: claims.agent}
    return {
        _REGION: claims.region,
        _IAT: claims.iat,
        _EXP: claims.exp,
        _NONCE: claims.nonce,
        _ITEM: claims.item,
        _HOLDER: claims.holder,
        **agent,
        _CERTIFICATES: [_certificate_to_wire(certificate) for certificate in claims.certificates],
    }


def from_wire(value: object) -> OfflineClaims:
    """Read the CBOR map of a code; Malformed `offline.claims`, `division.form`."""
    claims = _map(value, needs=_CODE_NEEDS, may={_AGENT})
    listed = claims[_CERTIFICATES]
    if not isinstance(listed, list) or not listed:
        raise Malformed("offline.claims", "at least one certificate is expected")
    code = OfflineClaims(
        region=_number(claims[_REGION], below=100),
        iat=_number(claims[_IAT], below=_LATEST),
        exp=_number(claims[_EXP], below=_LATEST),
        nonce=_bytes(claims[_NONCE], size=NONCE_SIZE),
        item=_text(claims[_ITEM]),
        holder=_bytes(claims[_HOLDER], size=COMMITMENT_SIZE),
        agent=_bytes(claims[_AGENT], size=COMMITMENT_SIZE) if _AGENT in claims else None,
        certificates=tuple(_certificate_from_wire(entry) for entry in listed),
    )
    if code.exp <= code.iat:
        raise Malformed("offline.claims", "the end is not after the beginning")
    return code


def _certificate_to_wire(certificate: OfflineCertificate) -> dict[int, object]:
    status = certificate.status
    end = {} if certificate.exp is None else {_END: certificate.exp}
    hash_alg = {} if certificate.hash_alg == SHA256 else {_HASH_ALG: certificate.hash_alg}
    return {
        _TYPE: certificate.type_no,
        _STATUS: [status.region, status.number, status.index],
        _DIVISION: division_to_int(certificate.division),
        _KEY: certificate.authority_key,
        _NBF: certificate.nbf,
        **end,
        _BATCH: certificate.batch,
        _FINGERPRINT: certificate.fingerprint,
        **hash_alg,
        _ELEMENTS: dict(certificate.elements),
    }


def _certificate_from_wire(value: object) -> OfflineCertificate:
    claims = _map(value, needs=_CERTIFICATE_NEEDS, may={_END, _HASH_ALG})
    elements = claims[_ELEMENTS]
    if not isinstance(elements, dict) or not all(type(key) is str for key in elements):
        raise Malformed("offline.claims", "elements are a map by their keys")
    hash_alg = _number(claims.get(_HASH_ALG, SHA256), below=256)
    if _HASH_ALG in claims and hash_alg == SHA256:
        raise Malformed("offline.claims", "SHA-256 is not written")
    return OfflineCertificate(
        type_no=_number(claims[_TYPE], below=1000),
        status=_status(claims[_STATUS]),
        division=division_from_int(_number(claims[_DIVISION], below=1_000_000)),
        authority_key=_bytes(claims[_KEY], size=32),
        nbf=_number(claims[_NBF], below=_LATEST),
        exp=_number(claims[_END], below=_LATEST) if _END in claims else None,
        batch=_number(claims[_BATCH], below=_MOST),
        fingerprint=_bytes(claims[_FINGERPRINT], size=32),
        elements=elements,
        hash_alg=hash_alg,
    )


def _status(value: object) -> StatusPlace:
    match value:
        case [region, number, index]:
            return StatusPlace(_number(region, below=100), _number(number, below=_MOST), _number(index, below=_MOST))
        case _:
            raise Malformed("offline.claims", "a status is a region, a list and an index")


def _map(value: object, *, needs: set[int], may: set[int]) -> dict[int, Any]:
    if not isinstance(value, dict) or not needs <= value.keys() <= needs | may:
        raise Malformed("offline.claims", "a key is missing or unknown")
    return value


def _number(value: object, *, below: int) -> int:
    if type(value) is not int or not 0 <= value < below:
        raise Malformed("offline.claims", f"a number from 0 to {below - 1} is expected")
    return value


def _bytes(value: object, *, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise Malformed("offline.claims", f"{size} bytes are expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ITEM or not value.isprintable():
        raise Malformed("offline.claims", f"a text of at most {_LONGEST_ITEM} characters is expected")
    return value
