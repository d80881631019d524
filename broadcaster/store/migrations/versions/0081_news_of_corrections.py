"""When operators were told of a request for a correction, and when its answer is sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    op.add_column("corrections", sa.Column("announced_at", sa.BigInteger()))
    op.add_column("corrections", sa.Column("tell_at", sa.BigInteger()))
