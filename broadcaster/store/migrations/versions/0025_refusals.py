"""Refusals that may retire a contact, and how many each keeper of contacts refused."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "contact_refusals",
        sa.Column("contact_id", number, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("keeper", sa.LargeBinary(length=16), nullable=False),
        sa.Column("blame", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_refusals_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", "alert_id", name=op.f("pk_contact_refusals")),
    )
    op.create_index("ix_contact_refusals_alert_id", "contact_refusals", ["alert_id"])
    op.create_table(
        "keeper_answers",
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("keeper", sa.LargeBinary(length=16), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "keeper", name=op.f("pk_keeper_answers")),
    )
    refused = sa.text("refused > 0")
    op.create_index("ix_keeper_answers_at", "keeper_answers", ["at"], sqlite_where=refused, postgresql_where=refused)
