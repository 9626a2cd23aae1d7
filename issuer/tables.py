"""The issuer's rows: authorities, keys, sealed certificates, holders by blind index, lists, changes, answers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from ecert.runtime.storage import ROW_ID


class AuthorityRow(SQLModel, table=True):
    """An issuing authority at home here; `suite` is what it signs with unless a request says otherwise."""

    __tablename__ = "issuer_authority"
    uscc: str = Field(primary_key=True, max_length=18)
    region: int = Field(index=True)
    division: str = Field(max_length=6)
    name: str = Field(max_length=200)
    suite: str = Field(max_length=20)


class KeyRow(SQLModel, table=True):
    """A signing key in custody: `number` counts an authority's keys of a suite from 1, `kid` names its public half."""

    __tablename__ = "issuer_key"
    uscc: str = Field(primary_key=True, max_length=18, foreign_key="issuer_authority.uscc")
    suite: str = Field(primary_key=True, max_length=20)
    number: int = Field(primary_key=True)
    region: int
    key_name: str = Field(max_length=80)
    kid: str = Field(max_length=43, unique=True)
    active: bool


class CertificateRow(SQLModel, table=True):
    """A certificate: the SD-JWT with all disclosures, sealed, and what must be asked without opening it."""

    __tablename__ = "issuer_certificate"
    __table_args__ = (UniqueConstraint("region", "list", "idx"),)
    id: str = Field(primary_key=True, max_length=110)
    region: int
    issuer: str = Field(max_length=18, foreign_key="issuer_authority.uscc", index=True)
    type_code: str = Field(max_length=21)
    suite: str = Field(max_length=20)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    mutable_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    mutable_at: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    list: int = Field(sa_column=Column(BigInteger, nullable=False))
    idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: int
    issued_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    nbf: int = Field(sa_column=Column(BigInteger, nullable=False))
    exp: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    supersedes: str | None = Field(default=None, max_length=110, unique=True)
    superseded_by: str | None = Field(default=None, max_length=110)


class HolderRow(SQLModel, table=True):
    """Who holds a certificate, by a keyed index of the number; the number itself is never stored in the clear."""

    __tablename__ = "issuer_holder"
    __table_args__ = (Index("ix_issuer_holder_region_blind", "region", "blind"),)
    certificate: str = Field(primary_key=True, max_length=110, foreign_key="issuer_certificate.id")
    blind: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    region: int


class StatusListRow(SQLModel, table=True):
    """A status list and how many of its indices are given out."""

    __tablename__ = "issuer_status_list"
    region: int = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    used: int = Field(sa_column=Column(BigInteger, nullable=False))


class ChangeRow(SQLModel, table=True):
    """A change of status: `waiting` until it is due, `queued`, then `final` or `refused`; or `overtaken`."""

    __tablename__ = "issuer_change"
    __table_args__ = (Index("ix_issuer_change_state_effective_at", "state", "effective_at"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=ROW_ID)
    region: int
    certificate: str = Field(max_length=110, foreign_key="issuer_certificate.id", index=True)
    old: int | None = None
    new: int
    reason: str = Field(max_length=40)
    effective_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(max_length=10)
    transaction: int | None = Field(default=None, sa_type=ROW_ID, foreign_key="ledger_transaction.id")


class IdempotencyRow(SQLModel, table=True):
    """The answer to a request that a caller may repeat, sealed, with a keyed digest of the request."""

    __tablename__ = "issuer_idempotency"
    caller: str = Field(primary_key=True, max_length=40)
    key: str = Field(primary_key=True, max_length=64)
    region: int
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answer: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
