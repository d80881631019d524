"""When each period of retention was enforced, people's last sign of life, and alerts that no longer name anybody."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.create_table(
        "enforcements",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_enforcements")),
    )
    op.add_column("subscribers", sa.Column("active_at", sa.BigInteger()))
    op.add_column("subscribers", sa.Column("warned_at", sa.BigInteger()))
    op.add_column("alerts", sa.Column("forgotten_at", sa.BigInteger()))
    there = sa.text("warned_at IS NOT NULL")
    op.create_index(
        "ix_subscribers_warned_at", "subscribers", ["warned_at"], sqlite_where=there, postgresql_where=there
    )
