"""An index of SMS deliveries by the carrier's message id, to match its delivery reports."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    only = sa.text("channel = 1")
    op.create_index("ix_deliveries_sms", "deliveries", ["provider_id"], sqlite_where=only, postgresql_where=only)
