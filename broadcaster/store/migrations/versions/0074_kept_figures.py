"""Figures of a report, kept when its recipients are deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("figures", sa.JSON(none_as_null=True), nullable=True))
