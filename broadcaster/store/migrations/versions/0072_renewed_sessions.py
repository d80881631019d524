"""The cookie that a session had before it was renewed."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("earlier_hash", sa.LargeBinary(32)))
    op.create_index("ix_sessions_earlier_hash", "sessions", ["earlier_hash"])
