"""Addresses at the centres of alerts' circles."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("places", sa.JSON(none_as_null=True), nullable=True))
