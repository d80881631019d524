"""Why an occurrence could not be sent: a code, and its field and figures sealed, for they may name a group.

``problem`` held them as text. It is emptied, and stays for processes of the version before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("occurrences", sa.Column("code", sa.String(60), nullable=True))
    op.add_column("occurrences", sa.Column("params", sa.LargeBinary(), nullable=True))
    op.execute(sa.text("UPDATE occurrences SET problem = '' WHERE problem <> ''"))
