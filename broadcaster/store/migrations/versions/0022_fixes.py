"""Each reported position with the change that it is, until somebody has looked whether it lies in an active area.

And the contacts that a list may bring back to life, so that an import does not look at all contacts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_FEW = (("ix_contacts_gone", "status = 1"), ("ix_contacts_forgotten", "length(sealed) = 0"))


def upgrade() -> None:
    op.add_column("changes", sa.Column("fix", sa.LargeBinary(), nullable=True))
    for name, which in _FEW:
        op.create_index(name, "contacts", ["id"], sqlite_where=sa.text(which), postgresql_where=sa.text(which))
