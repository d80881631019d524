"""Erasures that were done, and who asked to be left out."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "suppressions",
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("station_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "station_id", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", number, nullable=False),
        sa.Column("person", sa.LargeBinary(length=16), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("way", sa.SmallInteger(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasures_station_id", "erasures", ["station_id", "id"])
