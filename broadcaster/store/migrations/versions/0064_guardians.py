"""Guardians of pupils: their names, and which contact is whose."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.add_column("links", sa.Column("guardian", sa.SmallInteger()))
    op.add_column("subscribers", sa.Column("guardians", sa.LargeBinary()))
