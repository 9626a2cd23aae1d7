"""What a holder has here: asked by a code's home region when a code is redeemed, answered from this region alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ecert.domain.errors import NotFound
from ecert.domain.holders import HolderRef
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.redeem import Mutable
from ecert.domain.status import Status
from issuer.grounds import code_of
from issuer.room import Issuer
from issuer.seals import blind_of, open_certificate, open_mutable
from issuer.store import certificates, changes
from issuer.store.certificates import StoredCertificate

__all__ = ["HeldCertificate", "held"]

_IDLE = (changes.WAITING, changes.OVERTAKEN)


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate with all its disclosures, its receipt once it is anchored, and what is never signed.

    `status_reason` is a code of `ecert.domain.reasons` where the certificate is not valid: a clerk is told why.
    """

    licence_id: str
    type_code: str
    status: Status
    sd_jwt: str = field(repr=False)
    receipt: AnchorReceipt | None
    mutable: Mapping[str, Mutable] = field(repr=False)
    status_reason: str | None


def held(issuer: Issuer, *, region: int, holder: HolderRef, types: Collection[str]) -> tuple[HeldCertificate, ...]:
    """Return the holder's certificates of the types that this region issued, newest first within a type.

    Revoked and suspended ones too. Superseded ones not: their successors stand for them. NotFound("issuer.region").
    """
    if region not in issuer.regions:
        raise NotFound("issuer.region", str(region))
    blind = blind_of(issuer.vault, holder)
    with issuer.database.reading() as connection:
        rows = certificates.held(connection, region=region, blind=blind, types=types)
        return tuple(_held(issuer, connection, row) for row in rows)


def _held(issuer: Issuer, connection: Connection, row: StoredCertificate) -> HeldCertificate:
    return HeldCertificate(
        licence_id=row.id,
        type_code=row.type_code,
        status=Status(row.status),
        sd_jwt=open_certificate(issuer.vault, row),
        receipt=issuer.anchoring.receipt(connection, region=row.region, fingerprint=row.fingerprint),
        mutable=open_mutable(issuer.vault, row),
        status_reason=_reason(connection, row),
    )


def _reason(connection: Connection, row: StoredCertificate) -> str | None:
    if row.status == Status.VALID:
        return None
    grounds = [c.reason for c in changes.of_certificate(connection, row.id) if c.state not in _IDLE]
    return code_of(grounds[-1])
