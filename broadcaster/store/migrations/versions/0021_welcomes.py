"""Sign-ups that nothing has confirmed yet, the welcomes sent to them, and signed requests that undo an opt-out.

Everybody who is there already counts as confirmed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    there = sa.text("unconfirmed_at IS NOT NULL")
    op.add_column("subscribers", sa.Column("unconfirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("subscribers", sa.Column("unconfirmed_from", sa.LargeBinary(length=16), nullable=True))
    op.create_index(
        "ix_subscribers_unconfirmed_at", "subscribers", ["unconfirmed_at"], sqlite_where=there, postgresql_where=there
    )
    op.add_column("recipients", sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("confirmations", sa.Column("code_of", number, nullable=True))
    op.create_table(
        "welcomes",
        sa.Column("contact_id", number, autoincrement=False, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_welcomes_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_welcomes")),
    )
    op.create_index("ix_welcomes_next_at", "welcomes", ["next_at"])
    op.create_table(
        "signed_requests",
        sa.Column("id", number, nullable=False),
        sa.Column("station_id", number, nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("signed_on", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_signed_requests_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_requests")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signed_requests_subscriber_id", "signed_requests", ["subscriber_id"])
