"""Browsers in which operators get pushes; requests for help of which those on duty were told."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "operator_pushes",
        sa.Column("id", key, primary_key=True, nullable=False),
        sa.Column(
            "operator_id",
            key,
            sa.ForeignKey("operators.id", name=op.f("fk_operator_pushes_operator_id_operators"), ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("mark", name=op.f("uq_operator_pushes_mark")),
        sqlite_autoincrement=True,
    )
    op.add_column("help_requests", sa.Column("called_at", sa.BigInteger()))
