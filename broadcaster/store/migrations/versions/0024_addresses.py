"""Addresses of a register, with what a geocoder made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "addresses",
        sa.Column("station_id", number, autoincrement=False, nullable=False),
        sa.Column("subscriber_id", number, autoincrement=False, nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("found", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("place_id", number, nullable=True),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_addresses_place_id_places"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["station_id", "subscriber_id"],
            ["follows.station_id", "follows.subscriber_id"],
            name=op.f("fk_addresses_station_id_follows"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("station_id", "subscriber_id", name=op.f("pk_addresses")),
    )
    op.create_index("ix_addresses_state_station_id", "addresses", ["state", "station_id", "subscriber_id"])
    op.create_index("ix_addresses_subscriber_id", "addresses", ["subscriber_id"])
    op.create_index("ix_addresses_place_id", "addresses", ["place_id"])
