"""What a code's message said that it is for, and until when it may be shared."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    op.add_column("confirmations", sa.Column("code_until", sa.BigInteger()))
    op.add_column("confirmations", sa.Column("purpose", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
