"""Volunteers who visit people that an alert did not reach, and what they find."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "volunteers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("unconfirmed", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmation_id", sa.BigInteger(), nullable=True),
        sa.Column("session", sa.LargeBinary(length=32), nullable=True),
        sa.Column("session_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_volunteers_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteers")),
    )
    op.create_index("ix_volunteers_alert_id", "volunteers", ["alert_id"])
    op.create_index("ix_volunteers_added_at", "volunteers", ["added_at"])
    op.create_table(
        "visits",
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("finding", sa.SmallInteger(), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "subscriber_id", name=op.f("pk_visits")),
    )
