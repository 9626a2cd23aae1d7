"""Rows of certificates and of their holders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from ecert.domain.status import Status
from ecert.runtime.storage import table_of
from issuer.tables import CertificateRow, HolderRow

__all__ = ["Placed", "StoredCertificate"]

_certificate = table_of(CertificateRow)
_holder = table_of(HolderRow)
_ENDED = (int(Status.INVALID), int(Status.SUPERSEDED))
T = TypeVar("T")
_AT_ONCE = 5_000  # parameters that both engines take in one statement


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A certificate as stored; `sealed` opens to the SD-JWT with all its disclosures."""

    id: str
    region: int
    issuer: str
    type_code: str
    suite: str
    sealed: bytes = field(repr=False)
    mutable_sealed: bytes | None = field(repr=False)
    mutable_at: int | None
    fingerprint: bytes
    list: int
    idx: int
    status: int
    issued_at: int
    nbf: int
    exp: int | None
    supersedes: str | None = None
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a certificate's status stands, and what it is here."""

    id: str
    region: int
    list: int
    idx: int
    status: int


_NAMES = tuple(each.name for each in fields(StoredCertificate))


def add(connection: Connection, certificates: Iterable[StoredCertificate]) -> None:
    """Write new certificates; IntegrityError where an identifier or an index is taken."""
    # Two writers may have drawn the same indices: in one order, so that neither waits for the other and is waited for.
    ordered = sorted(certificates, key=lambda row: (row.region, row.list, row.idx))
    connection.execute(insert(_certificate), [{name: getattr(row, name) for name in _NAMES} for row in ordered])


def add_holders(connection: Connection, holders: Iterable[tuple[str, bytes, int]]) -> None:
    """Write (certificate, blind, region) of every holder."""
    rows = [{"certificate": name, "blind": blind, "region": region} for name, blind, region in holders]
    connection.execute(insert(_holder), rows)


def find(connection: Connection, identifier: str) -> StoredCertificate | None:
    """Return a certificate by its licence identifier."""
    return find_all(connection, [identifier]).get(identifier)


def find_all(connection: Connection, identifiers: Collection[str]) -> Mapping[str, StoredCertificate]:
    """Return those of the named certificates that exist, by identifier."""
    return _find_all(connection, identifiers, select(_certificate))


def hold_all(connection: Connection, identifiers: Collection[str]) -> Mapping[str, StoredCertificate]:
    """Return as `find_all` does, and let nobody else change them until this transaction ends."""
    # In one order for everybody, so that no two wait for each other.
    return _find_all(
        connection, sorted(identifiers), select(_certificate).order_by(_certificate.c.id).with_for_update()
    )


def _find_all(
    connection: Connection, identifiers: Collection[str], base: Select[tuple[object, ...]]
) -> Mapping[str, StoredCertificate]:
    found: dict[str, StoredCertificate] = {}
    for part in _parts(identifiers):
        query = base.where(_certificate.c.id.in_(part))
        found.update((row.id, _stored(row)) for row in connection.execute(query))
    return found


def places(connection: Connection) -> Iterator[Placed]:
    """Yield every certificate's place and status."""
    columns = [_certificate.c[each.name] for each in fields(Placed)]
    for row in connection.execute(select(*columns).order_by(_certificate.c.id)):
        yield Placed(*row)


def unknown(connection: Connection, fingerprints: Collection[bytes]) -> list[bytes]:
    """Return those of the fingerprints that are no certificate's, in their order."""
    known: set[bytes] = set()
    for part in _parts(fingerprints):
        query = select(_certificate.c.fingerprint).where(_certificate.c.fingerprint.in_(part))
        known.update(connection.execute(query).scalars())
    return [each for each in fingerprints if each not in known]


def blinds_of(connection: Connection, identifier: str) -> set[bytes]:
    """Return the blind indices of a certificate's holders."""
    return set(connection.execute(select(_holder.c.blind).where(_holder.c.certificate == identifier)).scalars())


def taken(connection: Connection, *, region: int, number: int, indices: Collection[int]) -> set[int]:
    """Return which of the indices of a list are given out."""
    found: set[int] = set()
    for part in _parts(indices):
        here = (_certificate.c.region == region) & (_certificate.c.list == number)
        found.update(connection.execute(select(_certificate.c.idx).where(here, _certificate.c.idx.in_(part))).scalars())
    return found


def set_statuses(connection: Connection, statuses: Mapping[str, int]) -> None:
    """Change the status of certificates, by identifier."""
    change = update(_certificate).where(_certificate.c.id == bindparam("which")).values(status=bindparam("to"))
    connection.execute(change, [{"which": name, "to": status} for name, status in statuses.items()])


def set_superseded_by(connection: Connection, identifier: str, *, successor: str) -> None:
    """Name the certificate that follows another."""
    change = update(_certificate).where(_certificate.c.id == identifier)
    connection.execute(change.values(superseded_by=successor))


def set_mutable(connection: Connection, identifier: str, *, sealed: bytes, at: int) -> None:
    """Replace a certificate's mutable elements."""
    change = update(_certificate).where(_certificate.c.id == identifier)
    connection.execute(change.values(mutable_sealed=sealed, mutable_at=at))


def held(connection: Connection, *, region: int, blind: bytes, types: Collection[str]) -> list[StoredCertificate]:
    """Return a holder's certificates of the types, newest first within a type.

    Of a certificate and its successor one is shown: the first until it has ended, the successor from then on.
    """
    before = _certificate.alias()
    waits = select(before.c.id).where(before.c.id == _certificate.c.supersedes, before.c.status.not_in(_ENDED))
    followed = _certificate.c.superseded_by.is_not(None) & _certificate.c.status.in_(_ENDED)
    query = (
        select(_certificate)
        .join(_holder, _holder.c.certificate == _certificate.c.id)
        .where(_holder.c.region == region, _holder.c.blind == blind, _certificate.c.type_code.in_(types))
        .where(~followed, ~waits.exists())
        .order_by(_certificate.c.type_code, _certificate.c.issued_at.desc(), _certificate.c.id)
    )
    return [_stored(row) for row in connection.execute(query)]


def _stored(row: Row[tuple[object, ...]]) -> StoredCertificate:
    return StoredCertificate(**row._mapping)  # noqa: SLF001 — SQLAlchemy's documented name


def _parts(wanted: Collection[T]) -> Iterator[list[T]]:
    listed = list(wanted)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
