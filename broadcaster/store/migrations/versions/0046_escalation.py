"""Escalation: policies and budgets of stations, and the steps that are still to come."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

_OPEN = sa.text("state < 2")


def upgrade() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
    )
    op.create_index("ix_escalations_alert_id", "escalations", ["alert_id"])
    op.create_index("ix_escalations_open", "escalations", ["due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.add_column("alerts", sa.Column("policy", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("alerts", sa.Column("stopped_at", sa.BigInteger(), nullable=True))
    op.add_column("recipients", sa.Column("next_round", sa.SmallInteger(), nullable=True))
    op.add_column("recipients", sa.Column("enough", sa.SmallInteger(), nullable=True))
    op.add_column("stations", sa.Column("policies", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("stations", sa.Column("budgets", sa.JSON(none_as_null=True), nullable=True))
