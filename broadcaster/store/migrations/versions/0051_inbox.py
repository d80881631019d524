"""Texts that people wrote to a station by SMS."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "inbox_messages",
        sa.Column("id", number, nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("sender", sa.LargeBinary(length=16), nullable=False),
        sa.Column("same", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("read_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_inbox_messages_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_messages_station_id_id", "inbox_messages", ["station_id", "id"])
    op.create_index("ix_inbox_messages_at", "inbox_messages", ["at"])
