"""The rows of the codes: nothing that names a holder, a certificate or a use stands here in the clear."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel

from ecert.runtime.storage import ROW_ID


class CodeRow(SQLModel, table=True):
    """A code: SHA-256 of its text, the typed code's blind index, and sealed, whose it is; Unix seconds."""

    __tablename__ = "wallet_code"
    __table_args__ = (Index("ix_wallet_code_typed", "region", "typed"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=ROW_ID)
    region: int
    digest: bytes = Field(sa_type=LargeBinary, unique=True)
    typed: bytes | None = Field(default=None, sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    minted_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger, index=True)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class UseRow(SQLModel, table=True):
    """Who used what: found by the blind index of the holder, or of the agent; sealed otherwise."""

    __tablename__ = "wallet_use"
    id: str = Field(primary_key=True, max_length=22)
    region: int
    holder: bytes = Field(sa_type=LargeBinary, index=True)
    agent: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    at: int = Field(sa_type=BigInteger)
    sealed: bytes = Field(sa_type=LargeBinary)


class AnswerRow(SQLModel, table=True):
    """A redeem response for ten minutes, sealed under a key that only the code's text gives."""

    __tablename__ = "wallet_answer"
    name: bytes = Field(sa_type=LargeBinary, primary_key=True)
    region: int
    at: int = Field(sa_type=BigInteger, index=True)
    sealed: bytes = Field(sa_type=LargeBinary)


class TryRow(SQLModel, table=True):
    """A typed code that did not exist, by the blind index of the window and of its organisation."""

    __tablename__ = "wallet_try"
    id: int | None = Field(default=None, primary_key=True, sa_type=ROW_ID)
    region: int
    window: bytes = Field(sa_type=LargeBinary, index=True)
    requester: bytes = Field(sa_type=LargeBinary, index=True)
    at: int = Field(sa_type=BigInteger)


class ObjectionRow(SQLModel, table=True):
    """A holder's objection to a use, one for each."""

    __tablename__ = "wallet_objection"
    use: str = Field(primary_key=True, foreign_key="wallet_use.id", max_length=22)
    region: int
    at: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=16)
    sealed: bytes = Field(sa_type=LargeBinary)
