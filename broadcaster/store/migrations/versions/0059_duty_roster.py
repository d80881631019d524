"""The duty roster: who may send in which week."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "duty_weeks",
        sa.Column("station_id", _NUMBER, nullable=False),
        sa.Column("operator_id", _NUMBER, nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_duty_weeks_station_id_stations"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_duty_weeks_operator_id_operators"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "week", "operator_id", name=op.f("pk_duty_weeks")),
    )
