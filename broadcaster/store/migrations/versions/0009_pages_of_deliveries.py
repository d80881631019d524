"""Deliveries of an alert in their order, so that a page of a million costs what a page of a thousand does.

Beside an alert that goes out, PostgreSQL lets its outcomes wait while this is built: some seconds for ten million rows.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_deliveries_alert_id_id", "deliveries", ["alert_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_alert_id_id", table_name="deliveries")
