"""Operators who sign in by OpenID Connect: a keyed mark of who they are to the provider."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.add_column("operators", sa.Column("openid_mark", sa.LargeBinary(length=16), nullable=True))
    op.create_index("ix_operators_openid_mark", "operators", ["openid_mark"], unique=True)
