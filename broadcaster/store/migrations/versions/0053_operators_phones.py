"""Where an operator is asked to approve an alert, beside their mail."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.add_column("operators", sa.Column("phone", sa.LargeBinary()))
