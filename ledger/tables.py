"""The ledger's rows: the chain of this deployment, transactions under way, leaves, batches and the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class ChainRow(SQLModel, table=True):
    """The one chain of this database; written once."""

    __tablename__ = "ledger_chain"
    id: int = Field(primary_key=True)
    chain_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    genesis: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    consortium: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TransactionRow(SQLModel, table=True):
    """A signed transaction: sent, the same bytes again and again, until `block` says that it is final."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (UniqueConstraint("account", "nonce"),)
    id: int | None = Field(default=None, primary_key=True)
    account: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    nonce: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    purpose: str
    queued_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True, index=True))
    block_time: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    error: str | None = None


class LeafRow(SQLModel, table=True):
    """A fingerprint to be anchored: the outbox until `batch` (a BatchRow's id) is set, the tree's leaf afterwards."""

    __tablename__ = "ledger_leaf"
    __table_args__ = (
        UniqueConstraint("region", "fingerprint"),
        UniqueConstraint("region", "batch", "position"),
    )
    id: int | None = Field(default=None, primary_key=True)
    region: int
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    queued_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    batch: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    position: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class BatchRow(SQLModel, table=True):
    """A closed batch of certificates (kind 1) or state of the audit log (kind 2), and its anchoring transaction.

    Numbers are a contract's own: the CertificateAnchor that succeeds another counts from 1 again.
    """

    __tablename__ = "ledger_batch"
    __table_args__ = (UniqueConstraint("contract", "region", "kind", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    contract: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    region: int
    kind: int
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash_alg: int
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    previous: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    transaction: int = Field(foreign_key="ledger_transaction.id", index=True)


class AuditRow(SQLModel, table=True):
    """An entry of a region's audit log: its leaf in the clear, salt and record sealed."""

    __tablename__ = "ledger_audit"
    region: int = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    kind: str
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditNodeRow(SQLModel, table=True):
    """The hash of a full subtree of a region's audit log: the `place`-th of those of 2^level leaves."""

    __tablename__ = "ledger_audit_node"
    region: int = Field(primary_key=True)
    level: int = Field(primary_key=True)
    place: int = Field(sa_column=Column(BigInteger, primary_key=True))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditHeadRow(SQLModel, table=True):
    """How many entries a region's audit log has; its row is what writers queue behind."""

    __tablename__ = "ledger_audit_head"
    region: int = Field(primary_key=True)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
