"""How far each warning before an erasure came."""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    op.create_table(
        "warning_runs",
        sa.Column("warnings", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("warnings", name=op.f("pk_warning_runs")),
    )
