"""The escalation policy of an alert that does not follow its station's: its template's, or as given."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("own_policy", sa.JSON(none_as_null=True), nullable=True))
