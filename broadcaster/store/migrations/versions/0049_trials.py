"""Test messages that people ask for; and when owners of a dead push subscription were told."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "trials",
        sa.Column("id", number, nullable=False),
        sa.Column("subscriber_id", number, nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("contact_id", number, nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.String(60), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_trials_subscriber_id_subscribers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_trials_station_id_stations"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_trials_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sqlite_autoincrement=True,
    )
    for column in ("subscriber_id", "contact_id", "created_at"):
        op.create_index(f"ix_trials_{column}", "trials", [column])
    op.add_column("contacts", sa.Column("told_at", sa.BigInteger(), nullable=True))
