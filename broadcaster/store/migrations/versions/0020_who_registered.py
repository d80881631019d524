"""Who was registered by a station itself: it holds their register, so only they are counted exactly before sending.

Those with an external id were. Of others it is not known, and a station's counts of them become estimates.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("follows", sa.Column("registered", sa.SmallInteger(), nullable=True))
    op.execute("UPDATE follows SET registered = 1 WHERE external_mark IS NOT NULL")
