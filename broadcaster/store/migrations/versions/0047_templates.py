"""Templates of a station's own; the texts that an alert keeps for its update and its all-clear."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "templates",
        sa.Column("id", key, primary_key=True),
        sa.Column("station_id", key, sa.ForeignKey("stations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("station_id", "name", name="uq_templates_station_id_name"),
        sqlite_autoincrement=True,
    )
    op.add_column("alerts", sa.Column("prepared", sa.JSON(none_as_null=True), nullable=True))
