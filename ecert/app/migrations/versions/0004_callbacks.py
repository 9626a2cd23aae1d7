"""callbacks to partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this version."""
    op.create_table(
        "callback_noted",
        sa.Column("region", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("region", "number"),
    )
    op.create_table(
        "callback_subscription",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("region", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("given_up", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("region", "uscc", "url"),
    )
    op.create_table(
        "callback_acceptance",
        sa.Column("subscription", sa.String(length=22), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("licence", sa.String(length=100), nullable=False),
        sa.Column("region", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subscription"], ["callback_subscription.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscription", "fingerprint"),
    )
    with op.batch_alter_table("callback_acceptance", schema=None) as batch_op:
        batch_op.create_index("ix_callback_acceptance_place", ["region", "number", "place"], unique=False)
        batch_op.create_index(batch_op.f("ix_callback_acceptance_until"), ["until"], unique=False)

    op.create_table(
        "callback_event",
        sa.Column("subscription", sa.String(length=22), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("licence", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subscription"], ["callback_subscription.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscription", "sequence"),
    )
    with op.batch_alter_table("callback_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_event_due_at"), ["due_at"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("callback_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_event_due_at"))

    op.drop_table("callback_event")
    with op.batch_alter_table("callback_acceptance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_acceptance_until"))
        batch_op.drop_index("ix_callback_acceptance_place")

    op.drop_table("callback_acceptance")
    op.drop_table("callback_subscription")
    op.drop_table("callback_noted")
