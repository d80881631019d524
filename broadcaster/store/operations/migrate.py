"""Database migration."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Store

_HERE = Path(__file__).parents[1] / "migrations"
_LOCK = 0x746F6373  # "tocs": one migration at a time


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config


def newest() -> str:
    return known()[-1]


def wrong(at: str | None) -> Conflict | None:
    """Return what is wrong with a database at this migration (None: empty).

    A newer version's is not wrong: it only adds.
    """
    if at is None:
        return Conflict("database-empty")
    if at < known()[0]:
        return Conflict("database-too-old", at=at, first=known()[0])
    return Conflict("not-migrated", at=at, needed=newest()) if at < newest() else None


async def migrate(store: Store) -> str:
    """Apply pending migrations in one transaction. Return the database's migration, which may be a newer version's.

    Only one process migrates at a time: SQLite has its write lock, PostgreSQL gets an advisory lock. Raises
    ``Conflict`` if the database is older than the first migration.
    """
    at = await current(store)
    problem = wrong(at)
    if problem is not None and problem.code == "database-too-old":
        raise problem
    if at is not None and problem is None:
        return at
    await store.run_sync(upgrade)
    return newest()


def upgrade(connection: Any, to: str = "head") -> None:
    """Apply pending migrations up to ``to``, in the transaction of a SQLAlchemy connection."""
    if connection.dialect.name == "postgresql":
        # Wait before entering Alembic: its context is per process, and waiting inside would let another task in.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@cache  # called several times at start; each call would read all files
def known() -> list[str]:
    """Return all migrations, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


async def current(store: Store) -> str | None:
    """Return the database's migration; None if it is empty."""
    found: list[str | None] = []

    def look(connection: Any) -> None:
        found.append(MigrationContext.configure(connection).get_current_revision())

    await store.run_sync(look)
    return found[0]
