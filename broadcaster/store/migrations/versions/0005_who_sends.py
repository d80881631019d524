"""Which of a channel's two providers a batch was leased for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("batches", sa.Column("by", sa.String(length=40), nullable=True))
