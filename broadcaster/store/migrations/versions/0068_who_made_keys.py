"""Who made an API key: they do not approve what it sends."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("made_by", sa.BigInteger(), nullable=True))
