"""The row of a nonce: a signed request counts once, also after a restart."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class Nonce(SQLModel, table=True):
    """What was signed by a key (SHA-256 of its SPKI) under one name; kept until no clock would take it again."""

    __tablename__ = "gateway_nonce"

    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    nonce: str = Field(primary_key=True, max_length=64)
    until: int = Field(sa_type=BigInteger, index=True)
