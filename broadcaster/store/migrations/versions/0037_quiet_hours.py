"""Residents' quiet hours, topics, least severity and digest; who waits for the end of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0033"

_WAITS = sa.text("wait_until IS NOT NULL")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("quiet_from", sa.SmallInteger(), nullable=True))
    op.add_column("subscribers", sa.Column("quiet_to", sa.SmallInteger(), nullable=True))
    op.add_column("subscribers", sa.Column("zone", sa.String(40), nullable=True))
    op.add_column("follows", sa.Column("least", sa.String(10), nullable=True))
    op.add_column("stations", sa.Column("topics", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("alerts", sa.Column("topic", sa.String(40), nullable=True))
    op.add_column("alerts", sa.Column("wakes", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("recipients", sa.Column("wait_until", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_recipients_wait_until", "recipients", ["wait_until"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.create_table(
        "topic_choices",
        sa.Column("station_id", _ID, autoincrement=False, nullable=False),
        sa.Column("subscriber_id", _ID, autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("choice", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "subscriber_id"],
            ["follows.station_id", "follows.subscriber_id"],
            name=op.f("fk_topic_choices_station_id_follows"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("station_id", "subscriber_id", "topic", name=op.f("pk_topic_choices")),
    )
