"""Nonces get a row of their own to queue behind, row numbers 64 bits, and a half restored database says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERED = ("ledger_transaction", "ledger_leaf", "ledger_batch", "issuer_change", "wallet_code", "wallet_try")
_POINTING = ("ledger_batch", "issuer_change")


def upgrade() -> None:
    """Go on to this version."""
    op.create_table(
        "ledger_account",
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.execute(
        "INSERT INTO ledger_account (address, nonce)"
        " SELECT account, max(nonce) + 1 FROM ledger_transaction GROUP BY account"
    )
    with op.batch_alter_table("ledger_chain") as batch:
        batch.add_column(sa.Column("restoring", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":  # SQLite's integers have 64 bits whatever they are called
        for table in _NUMBERED:
            op.alter_column(table, "id", type_=sa.BigInteger())
            op.execute(f"ALTER SEQUENCE {table}_id_seq AS BIGINT")
        for table in _POINTING:
            op.alter_column(table, "transaction", type_=sa.BigInteger())
