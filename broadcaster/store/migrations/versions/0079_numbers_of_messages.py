"""SQLite gives no number of a message a second time: the links in a message end with it.

Without it, after the newest messages were deleted (a station was removed, a period is over), the next ones got their
numbers, and an old link to leave was another person's.
"""

from alembic import op
from sqlalchemy import text

revision = "0079"
down_revision = "0078"

_FORMER = "former_deliveries"
_SHAPE = text("SELECT type, sql FROM sqlite_master WHERE tbl_name = 'deliveries' AND sql IS NOT NULL ORDER BY rowid")
_INDEXES = text("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'deliveries' AND sql IS NOT NULL")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    (_, made), *indexes = [tuple(row) for row in connection.execute(_SHAPE)]
    for name in list(connection.scalars(_INDEXES)):
        op.execute(f"DROP INDEX {name}")
    op.execute(f"ALTER TABLE deliveries RENAME TO {_FORMER}")
    made = made.replace("id INTEGER NOT NULL,", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,", 1)
    op.execute(made.replace("CONSTRAINT pk_deliveries PRIMARY KEY (id),", "", 1))
    op.execute(f"INSERT INTO deliveries SELECT * FROM {_FORMER}")  # noqa: S608  our own names
    op.execute(f"DROP TABLE {_FORMER}")
    for _, index in indexes:
        op.execute(index)
