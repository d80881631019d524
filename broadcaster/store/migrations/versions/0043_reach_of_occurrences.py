"""Whom a scheduled alert reached when it was written, and when it was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("occurrences", sa.Column("reach", sa.Integer(), nullable=True))
    op.add_column("occurrences", sa.Column("reach_now", sa.Integer(), nullable=True))
