"""Versions of an alert: its thread, what followed it, and batches to people who were told before."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("role", sa.String(10), nullable=True))
    op.add_column("alerts", sa.Column("thread_id", sa.BigInteger(), nullable=True))
    op.add_column("alerts", sa.Column("followed_by", sa.BigInteger(), nullable=True))
    op.add_column("alerts", sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("batches", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
    _index("ix_alerts_thread_id", "alerts", "thread_id", where="thread_id IS NOT NULL")
    _index("ix_deliveries_maybe", "deliveries", "alert_id", where="maybe_sent = true")
    _name_threads()


def _index(name: str, table: str, column: str, *, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _name_threads() -> None:
    """Note what each all-clear and reminder is about: it stood in ``references`` alone."""
    alerts = sa.table(
        "alerts",
        sa.column("id", sa.BigInteger()),
        sa.column("msg_type", sa.String()),
        sa.column("references", sa.JSON()),
        sa.column("role", sa.String()),
        sa.column("thread_id", sa.BigInteger()),
        sa.column("followed_by", sa.BigInteger()),
    )
    conn = op.get_bind()
    roles = {"cancel": "all_clear", "update": "reminder"}
    rows = conn.execute(sa.select(alerts).where(alerts.c.msg_type.in_(roles)).order_by(alerts.c.id)).all()
    for row in rows:
        first = next(iter(row.references), None)
        mine = sa.update(alerts).where(alerts.c.id == row.id)
        conn.execute(mine.values(role=roles[row.msg_type], thread_id=first))
        if row.msg_type == "cancel" and first is not None:
            conn.execute(sa.update(alerts).where(alerts.c.id == first).values(followed_by=row.id))
