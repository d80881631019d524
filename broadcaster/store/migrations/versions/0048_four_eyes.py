"""Four eyes: what a second person must approve, and what they were asked about."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of_station(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_station_id_stations")
    return sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "approval_rules",
        sa.Column("station_id", _NUMBER, nullable=False),
        sa.Column("severity", sa.String(10)),
        sa.Column("reach", sa.Integer()),
        sa.Column("radius_m", sa.Float()),
        sa.Column("training", sa.Boolean(), nullable=False),
        _of_station("approval_rules"),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_approval_rules")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station_id", _NUMBER, nullable=False),
        sa.Column("token", sa.String(20), nullable=False),
        sa.Column("author", sa.BigInteger(), nullable=False),
        sa.Column("editor", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("msg_type", sa.String(10), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("onset_at", sa.BigInteger()),
        sa.Column("idempotency_key", sa.String(200)),
        sa.Column("request_hash", sa.LargeBinary(32)),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("why", sa.LargeBinary()),
        sa.Column("told_at", sa.BigInteger()),
        _of_station("approvals"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("station_id", "idempotency_key", name=op.f("uq_approvals_station_id_idempotency_key")),
    )
    op.create_index("ix_approvals_station_id_state", "approvals", ["station_id", "state"])
    op.add_column("schedules", sa.Column("consent", sa.String(10)))
    op.add_column("schedules", sa.Column("approved_reach", sa.Integer()))
    untold = sa.text("told_at IS NULL")
    op.create_index("ix_approvals_untold", "approvals", ["id"], sqlite_where=untold, postgresql_where=untold)
