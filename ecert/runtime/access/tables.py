"""The row of an access key; its secret is stored only hashed."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class AccessKey(SQLModel, table=True):
    """A system's key: id of 8 hex characters, SHA-256 of the whole key, times in Unix seconds."""

    __tablename__ = "access_key"

    id: str = Field(primary_key=True, max_length=8)
    digest: bytes = Field(sa_type=LargeBinary)
    role: str = Field(max_length=16)
    region: str | None = Field(max_length=2)
    authority: str | None = Field(max_length=18)
    label: str = Field(max_length=80)
    created_at: int = Field(sa_type=BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=BigInteger)
