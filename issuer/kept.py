"""What an issuing authority may see and keep current of its own certificates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ecert.domain.catalogue import by_code, check_mutable
from ecert.domain.receipt import Container
from ecert.domain.redeem import Mutable
from ecert.domain.status import Status
from issuer.changes import own
from issuer.room import Issuer
from issuer.seals import open_certificate, open_mutable, seal_mutable
from issuer.store import certificates, changes

__all__ = ["Kept", "KeptChange", "read", "update_mutable"]


@dataclass(frozen=True, slots=True)
class KeptChange:
    """A change of status: `state` as in `issuer.store.changes`; times in Unix seconds."""

    status: Status
    ground: str
    effective_at: int
    at: int
    state: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A certificate at home; the container has a receipt once the batch is final."""

    container: Container = field(repr=False)
    status: Status
    mutable: Mapping[str, Mutable] = field(repr=False)
    changes: tuple[KeptChange, ...]
    supersedes: str | None
    superseded_by: str | None


def read(issuer: Issuer, licence_id: str, *, authority: str) -> Kept:
    """Read an authority's own certificate; NotFound("certificate.unknown")."""
    with issuer.database.reading() as connection:
        row = own(connection, licence_id, authority=authority)
        receipt = issuer.anchoring.receipt(connection, region=row.region, fingerprint=row.fingerprint)
        made = changes.of_certificate(connection, row.id)
    return Kept(
        container=Container(open_certificate(issuer.vault, row), receipt),
        status=Status(row.status),
        mutable=open_mutable(issuer.vault, row),
        changes=tuple(KeptChange(Status(c.new), c.reason, c.effective_at, c.at, c.state) for c in made),
        supersedes=row.supersedes,
        superseded_by=row.superseded_by,
    )


def update_mutable(
    issuer: Issuer, licence_id: str, elements: Mapping[str, object], *, authority: str, now: int
) -> None:
    """Set mutable elements as of now; the others keep their value and age. Malformed("element.*")."""
    with issuer.database.transaction() as connection:
        certificates.hold_all(connection, [licence_id])
        row = own(connection, licence_id, authority=authority)
        checked = check_mutable(by_code(row.type_code), elements)
        states = {key: {"value": s.value, "at": s.at} for key, s in open_mutable(issuer.vault, row).items()}
        states.update({key: {"value": value, "at": now} for key, value in checked.items()})
        sealed = seal_mutable(issuer.vault, row.id, states)
        certificates.set_mutable(connection, row.id, sealed=sealed, at=now)
        record = {"fingerprint": row.fingerprint.hex(), "elements": sorted(checked)}
        issuer.audit.record(connection, region=row.region, kind="mutable", record=record, now=now)
