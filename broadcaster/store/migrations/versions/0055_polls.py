"""Polls: who voted, and what was voted, apart."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "polls",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("entitled", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_polls_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polls")),
        sa.UniqueConstraint("token", name=op.f("uq_polls_token")),
    )
    op.create_index("ix_polls_station_id_id", "polls", ["station_id", "id"])
    op.create_index("ix_polls_alert_id", "polls", ["alert_id"])
    closed = sa.text("closed_at IS NOT NULL")
    op.create_index("ix_polls_closed_at", "polls", ["closed_at"], sqlite_where=closed, postgresql_where=closed)
    for name, key, column in (
        ("poll_voters", "mark", None),
        ("poll_ballots", "key", sa.Column("choice", sa.SmallInteger(), nullable=False)),
        ("poll_pending", "mark", sa.Column("sealed", sa.LargeBinary(), nullable=False)),
    ):
        op.create_table(
            name,
            sa.Column("poll_id", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column(key, sa.LargeBinary(length=16), nullable=False),
            *([] if column is None else [column]),
            sa.ForeignKeyConstraint(
                ["poll_id"], ["polls.id"], name=op.f(f"fk_{name}_poll_id_polls"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("poll_id", key, name=op.f(f"pk_{name}")),
        )
