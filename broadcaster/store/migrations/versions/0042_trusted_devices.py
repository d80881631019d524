"""Sessions of devices that stay signed in, and when each last showed its passkey."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("trusted", sa.Boolean()))
    op.add_column("sessions", sa.Column("proven_at", sa.BigInteger()))
