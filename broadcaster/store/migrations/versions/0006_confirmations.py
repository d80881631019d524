"""Contacts that their owners have yet to confirm; who is paused, and who is to be forgotten, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    big = sa.BigInteger()
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "confirmations",
        sa.Column("id", number, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("subscriber_id", number),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.Column("caller", sa.LargeBinary(16), nullable=False),
        sa.Column("code", sa.LargeBinary(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", big, nullable=False),
        sa.Column("expires_at", big, nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name="fk_confirmations_station_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name="fk_confirmations_subscriber_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_confirmations"),
        sa.UniqueConstraint("secret_hash", name="uq_confirmations_secret_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmations_created_at", "confirmations", ["created_at"])
    op.create_index("ix_confirmations_subscriber_id", "confirmations", ["subscriber_id"])
    for name in ("paused_until", "forget_at"):
        op.add_column("subscribers", sa.Column(name, big, nullable=True))
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_subscribers_{name}", "subscribers", [name], sqlite_where=there, postgresql_where=there)
    op.add_column("positions", sa.Column("until", big, nullable=True))
    there = sa.text("until IS NOT NULL")
    op.create_index("ix_positions_until", "positions", ["until"], sqlite_where=there, postgresql_where=there)
