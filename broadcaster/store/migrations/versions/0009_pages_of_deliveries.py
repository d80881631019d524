"""Deliveries of an alert in their order, so that a page of a million costs what a page of a thousand does.

Beside an alert that goes out, PostgreSQL lets its outcomes wait while this is built: some seconds for ten million rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    every = sa.text("id > 0")
    op.create_index("ix_deliveries_pages", "deliveries", ["alert_id", "id"], sqlite_where=every, postgresql_where=every)
