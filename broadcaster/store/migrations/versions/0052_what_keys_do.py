"""What an API key is limited to, and when it was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("actions", sa.String(80)))
    op.add_column("api_keys", sa.Column("used_at", sa.BigInteger()))
