"""signed requests between deployments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this version."""
    op.create_table(
        "gateway_nonce",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "nonce"),
    )
    with op.batch_alter_table("gateway_nonce", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gateway_nonce_until"), ["until"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("gateway_nonce", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gateway_nonce_until"))

    op.drop_table("gateway_nonce")
