"""The tables. Their SQL is in ``../first``, by subject, as PostgreSQL has it; ``_SQLITE`` makes SQLite's of it."""

import re
from pathlib import Path

from alembic import op

revision = "0075"
down_revision = None

_FIRST = Path(__file__).parents[1] / "first"
_SUBJECTS = ("stations", "people", "operators", "alerts", "answers", "polls", "privacy", "consents", "operations")
"""No table refers to one of a later subject."""
_SQLITE = {
    r"BIGSERIAL CONSTRAINT \w+ PRIMARY KEY": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    "BIGSERIAL": "INTEGER NOT NULL",
    "INT8": "INTEGER",  # ids: SQLite numbers rows only in a column declared INTEGER
    "BYTEA": "BLOB",
    "false": "0",
    r"/\* (WITHOUT ROWID) \*/": r"\1",
}


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for subject in _SUBJECTS:
        for statement in (_FIRST / f"{subject}.sql").read_text().strip().split(";\n"):
            op.execute(_for_sqlite(statement) if on_sqlite else statement)


def _for_sqlite(statement: str) -> str:
    for postgresql, sqlite in _SQLITE.items():
        statement = re.sub(postgresql, sqlite, statement)
    return statement
