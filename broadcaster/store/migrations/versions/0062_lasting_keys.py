"""Keys that stay when the secret is changed, and with which one a process seals."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.create_table(
        "lasting_keys",
        sa.Column("use", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("use", name=op.f("pk_lasting_keys")),
    )
    op.add_column("processes", sa.Column("key_id", sa.SmallInteger(), nullable=True))
