"""The certificate as the checks ask about it, however it was shown, and the situation in which they ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from ecert.domain.catalogue import CertificateType
from ecert.domain.certificate import Certificate
from ecert.domain.errors import Malformed
from ecert.domain.offline import StatusPlace
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.strict import b64url_decode
from ecert.domain.trust import FOREVER, KeyRecord
from ledger.port import Head
from ledger.replica import CERTIFICATES, Batch, Replica
from verifier.evidence import Question
from verifier.findings import Finding, Group, error, invalid

__all__ = ["AHEAD", "Situation", "Subject", "key_id_of", "region_of"]

AHEAD: Final = 5
"""Seconds by which the chain's head may be ahead of this clock."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a certificate says of itself. `certificate` is None for an offline code, which shows only a digest of it."""

    kind: CertificateType
    division: str
    issuer: str | None
    key_id: bytes
    iat: int | None
    nbf: int
    exp: int | None
    status: StatusPlace
    elements: Mapping[str, Any]
    batch_number: int | None
    certificate: Certificate | None = None
    receipt: AnchorReceipt | None = None

    @property
    def region(self) -> int:
        """The region whose authority issued it."""
        return region_of(self.division)


@dataclass(frozen=True, slots=True)
class Situation:
    """The replica, the question and the time, Unix seconds: all that a check may look at beside its subject.

    `head` is the replica's when the checks began. Others may refresh it while they go on: what a check did not find
    is missing as of `head`, and the newer head tells nothing of it.
    """

    replica: Replica
    question: Question
    now: int
    head: Head = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", self.replica.head)

    @property
    def age(self) -> int:
        """Seconds between the head's time and now; negative where the head is ahead of the clock."""
        return self.now - self.head.time

    @property
    def at(self) -> int:
        """Legal time: what was in force then counts."""
        return self.now if self.question.at is None else self.question.at

    @property
    def known_at(self) -> int:
        """Chain time: what was recorded by then counts."""
        return FOREVER if self.question.known_at is None else self.question.known_at

    def batch_of(self, subject: Subject) -> Batch | None:
        """Find the final batch that the subject cites, if it was recorded by `known_at`."""
        if subject.batch_number is None:
            return None
        batch = self.replica.batch(
            region=subject.region,
            kind=CERTIFICATES,
            number=subject.batch_number,
            contract=bytes.fromhex(subject.receipt.contract[2:]) if subject.receipt else None,
        )
        return batch if batch is not None and batch.time <= self.known_at else None

    def keys_of(self, subject: Subject) -> tuple[KeyRecord, ...]:
        """Find the trusted records of the key that is said to have signed: one, or, offline, one an owner."""
        return tuple(
            key
            for key in self.replica.trust.keys_of(subject.key_id)
            if key.region == subject.region
            and key.owner is not None
            and key.owner == (subject.issuer or key.owner)
            and key.is_known(self.known_at)
        )

    def is_fresh(self, limit: int) -> bool:
        """Tell whether the replica is at most `limit` seconds old, and not ahead of the clock."""
        return -AHEAD <= self.age <= limit

    def is_current(self, subject: Subject) -> bool:
        """Tell whether the replica is fresh, and not older than what the subject cites."""
        if not self.is_fresh(subject.kind.freshness):
            return False
        if subject.batch_number is not None:
            batch = self.batch_of(subject)
            return batch is not None and batch.block <= self.head.number
        return subject.iat is not None and subject.iat <= self.head.time

    def absent(self, check: Group, subject: Subject, *, missing: str, pending: str) -> Finding:
        """Judge that something is nowhere recorded: for certain if the replica is current, else it may yet come."""
        if self.is_current(subject):
            return invalid(check, missing)
        return error(check, pending, block=self.head.number)


@lru_cache(maxsize=1024)
def key_id_of(kid: str) -> bytes:
    """Read a JOSE header's key name; empty bytes, which name no key, where it is none."""
    try:
        return b64url_decode(kid)
    except Malformed:
        return b""


def region_of(division: str) -> int:
    """Give the region, two digits, that a parsed division lies in."""
    return int(division[:2])
