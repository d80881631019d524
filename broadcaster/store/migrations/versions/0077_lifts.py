"""What was taken off the list of those who asked to be left out."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    op.create_table(
        "lifts",
        sa.Column("mark", sa.LargeBinary(16), nullable=False),
        sa.Column("station_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "station_id", name=op.f("pk_lifts")),
    )
