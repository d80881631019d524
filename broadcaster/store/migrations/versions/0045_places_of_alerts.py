"""Addresses at the centres of alerts' circles."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("places", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("alerts", "places")
