"""Requests of people on a list to correct what it says about them."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "corrections",
        sa.Column("id", number, nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("subscriber_id", number, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("reason", sa.LargeBinary()),
        sa.Column("told_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_corrections_station_id_stations"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_corrections_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_station_id", "corrections", ["station_id", "state"])
    op.create_index("ix_corrections_subscriber_id", "corrections", ["subscriber_id"])
