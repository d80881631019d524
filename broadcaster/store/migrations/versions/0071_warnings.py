"""How often inactive people were warned, and since when each period of retention is known here."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("warnings", sa.SmallInteger()))
    op.add_column("enforcements", sa.Column("known_at", sa.BigInteger()))
