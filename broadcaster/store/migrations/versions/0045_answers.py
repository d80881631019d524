"""People's answers to alerts, requests for help, and who is on duty for these."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "answers",
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("choice", sa.SmallInteger(), nullable=False),
        sa.Column("way", sa.SmallInteger(), nullable=False),
        sa.Column("given_by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "subscriber_id", name=op.f("pk_answers")),
    )
    op.create_table(
        "help_requests",
        sa.Column("id", number, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_help_requests_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_requests")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_help_requests_alert_id", "help_requests", ["alert_id"])
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_help_requests_open",
        "help_requests",
        ["station_id", "id"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "help_duties",
        sa.Column("station_id", number, nullable=False),
        sa.Column("key_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_help_duties_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "key_id", name=op.f("pk_help_duties")),
    )
