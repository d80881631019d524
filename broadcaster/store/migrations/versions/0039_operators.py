"""Operators, their roles, passkeys, recovery codes and one-time links."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "operators",
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("handle", sa.LargeBinary(32), nullable=False),
        sa.Column("mail_mark", sa.LargeBinary(16)),
        sa.Column("mail", sa.LargeBinary()),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("totp", sa.LargeBinary()),
        sa.Column("totp_step", sa.BigInteger()),
        _of("operators", "id", "api_keys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("handle", name=op.f("uq_operators_handle")),
        sa.UniqueConstraint("mail_mark", name=op.f("uq_operators_mail_mark")),
    )
    op.create_table(
        "operator_roles",
        sa.Column("operator_id", _NUMBER, nullable=False),
        sa.Column("station_id", _NUMBER, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        _of("operator_roles", "operator_id", "operators"),
        _of("operator_roles", "station_id", "stations"),
        sa.PrimaryKeyConstraint("operator_id", "station_id", name=op.f("pk_operator_roles")),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("operator_id", _NUMBER, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(60), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        _of("passkeys", "operator_id", "operators"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("hash", name=op.f("uq_passkeys_hash")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("operator_id", _NUMBER, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        _of("recovery_codes", "operator_id", "operators"),
        sa.PrimaryKeyConstraint("operator_id", "hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "operator_links",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("operator_id", _NUMBER, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        _of("operator_links", "operator_id", "operators"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_operator_links")),
    )
    op.create_table(
        "used_challenges",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_used_challenges")),
    )
