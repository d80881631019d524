"""The groups that a school's held press alerts; alerts whose pushes make no sound."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ppms",
        sa.Column(
            "station_id", key, sa.ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True, nullable=False
        ),
        sa.Column("staff", key, sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
        sa.Column("town_hall", key, sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    )
    op.add_column("alerts", sa.Column("quietly", sa.Boolean(), nullable=False, server_default=sa.false()))
