"""Which guardian answered for a child."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.add_column("answers", sa.Column("guardian", sa.SmallInteger()))
