"""Updates of alerts wait for a second person."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("replaces", sa.BigInteger(), nullable=True))
    op.add_column("approvals", sa.Column("silent", sa.Boolean(), server_default=sa.false(), nullable=False))
    set_only = sa.text("replaces IS NOT NULL")
    op.create_index(
        "ix_approvals_replaces", "approvals", ["replaces"], sqlite_where=set_only, postgresql_where=set_only
    )
