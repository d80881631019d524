"""Where an operator is asked to approve an alert, beside their mail."""

import sqlalchemy as sa
from alembic import op

revision = "9002"
down_revision = "9001"


def upgrade() -> None:
    op.add_column("operators", sa.Column("phone", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("operators", "phone")
