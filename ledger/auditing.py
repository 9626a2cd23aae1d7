"""The region's audit log: one growing RFC 9162 tree of what was done, anchored, with its records sealed at home.

A leaf is SHA-256(salt ‖ record) with a 128-bit salt, so an anchored tree tells nothing of what was recorded; who is
shown salt and record can check the leaf. A record is written in the transaction of the act that it records:
`audit.append`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from ecert.domain.errors import NotFound
from ecert.domain.ids import random_bytes
from ecert.runtime.storage import Database
from ecert.runtime.vault import Vault
from ledger import audit_tree
from ledger.store import audit as audit_rows

__all__ = ["AuditLeaf", "AuditLog", "AuditRecord"]

_SALT = 16


@dataclass(frozen=True, slots=True)
class AuditLeaf:
    """Where a record stands: its position in the region's log, and its leaf (32 bytes)."""

    position: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A record opened again: `leaf` is to be SHA-256(`salt` ‖ `body`), where `body` are the bytes of its JSON."""

    position: int
    kind: str
    at: int
    salt: bytes
    body: bytes
    record: Mapping[str, Any]
    leaf: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the stored leaf, which the anchored tree holds, is this record's and no other's."""
        told = orjson.loads(self.body)
        return hashlib.sha256(self.salt + self.body).digest() == self.leaf and (told["kind"], told["at"]) == (
            self.kind,
            self.at,
        )


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The audit logs of a deployment's regions."""

    database: Database
    vault: Vault

    def record(
        self, connection: Connection, *, region: int, kind: str, record: Mapping[str, Any], now: int
    ) -> AuditLeaf:
        """Append a record to a region's log, inside the caller's transaction."""
        (leaf,) = self.record_many(connection, region=region, kind=kind, records=[record], now=now)
        return leaf

    def record_many(
        self, connection: Connection, *, region: int, kind: str, records: Sequence[Mapping[str, Any]], now: int
    ) -> list[AuditLeaf]:
        """Append records, at least one, in their order, inside the caller's transaction: two statements in all."""
        first = audit_rows.next_position(connection, region, count=len(records))
        entries = [self._seal(region, place, kind, record, now) for place, record in enumerate(records, first)]
        audit_rows.add_entries(connection, region, entries)
        return [AuditLeaf(entry.position, entry.leaf) for entry in entries]

    def read(self, region: int) -> list[AuditRecord]:
        """Open a region's log for its auditor."""
        with self.database.reading() as connection:
            entries = audit_rows.audit_entries(connection, region)
        return [self._open(region, entry) for entry in entries]

    def consistency(self, *, region: int, first: int, second: int) -> list[bytes]:
        """Prove that the log of `second` entries continues that of `first` (RFC 9162 section 2.1.4.1)."""
        with self.database.reading() as connection:
            if not 0 < first <= second <= audit_rows.audit_size(connection, region):
                raise NotFound("audit.size", f"no log of {second} entries here")
            return audit_tree.consistency(connection, region, first=first, second=second)

    def _seal(
        self, region: int, position: int, kind: str, record: Mapping[str, Any], now: int
    ) -> audit_rows.AuditEntry:
        body = orjson.dumps({"kind": kind, "at": now, "record": record}, option=orjson.OPT_SORT_KEYS)
        salt = random_bytes(_SALT)
        leaf = hashlib.sha256(salt + body).digest()
        sealed = self.vault.seal(salt + body, context=_context(region, position))
        return audit_rows.AuditEntry(position, kind, now, leaf, sealed)

    def _open(self, region: int, entry: audit_rows.AuditEntry) -> AuditRecord:
        body = self.vault.open(entry.sealed, context=_context(region, entry.position))
        salt, body = body[:_SALT], body[_SALT:]
        return AuditRecord(entry.position, entry.kind, entry.at, salt, body, orjson.loads(body)["record"], entry.leaf)


def _context(region: int, position: int) -> bytes:
    return f"audit:{region}:{position}".encode()
