"""The audit log: entries, reasons kept apart, and the months that were dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("hash", sa.LargeBinary(32)),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger()),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("origin", sa.String(50), nullable=False),
        sa.Column("action", sa.String(30), nullable=False),
        sa.Column("about", sa.BigInteger()),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("seq", name=op.f("uq_audit_entries_seq")),
    )
    op.create_index("ix_audit_entries_station_id_id", "audit_entries", ["station_id", "id"])
    waiting = sa.text("seq IS NULL")
    op.create_index("ix_audit_entries_waiting", "audit_entries", ["id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_audit_entries_action_at", "audit_entries", ["action", "at"])
    op.create_index("ix_audit_entries_actor_id_id", "audit_entries", ["actor_id", "id"])
    op.create_table(
        "audit_notes",
        sa.Column("entry_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_notes_entry_id_audit_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_notes")),
    )
    op.create_table(
        "audit_segments",
        sa.Column("last_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("last_seq", name=op.f("pk_audit_segments")),
    )
