"""The vulnerable flag of a subscriber, sealed: they are told before others."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("vulnerable", sa.LargeBinary(), nullable=True))
