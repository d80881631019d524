"""The sea near a station's territory, which does not count against its margin; `tocsin migrate` looks for it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("stations", sa.Column("sea", sa.JSON()))
