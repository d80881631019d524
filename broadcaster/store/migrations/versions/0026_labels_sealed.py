"""Names of groups and labels of keys are sealed (``store/labels.py``, ``reseal``), and keys may expire."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("UPDATE follows SET registered = 1 WHERE external_mark IS NOT NULL AND registered IS NULL")
    op.add_column("groups", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("api_keys", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("api_keys", sa.Column("expires_at", sa.BigInteger(), nullable=True))
