"""Database migration."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from broadcaster.store.engine.engine import Store
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.stations.labels import reseal

_HERE = Path(__file__).parents[1] / "migrations"
_LOCK = 0x746F6373  # "tocs": one migration at a time


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config


def newest() -> str:
    return known()[-1]


async def migrate(store: Store) -> str:
    """Apply pending migrations in one transaction, and seal what they left unsealed. Return the newest's name.

    Only one process migrates at a time: SQLite has its write lock, PostgreSQL gets an advisory lock.
    """
    await store.run_sync(lambda connection: upgrade(connection, vault=store.vault))
    async with store.write() as unit:
        await reseal(unit)
    return newest()


def upgrade(connection: Any, to: str = "head", *, vault: Vault) -> None:
    """Apply pending migrations up to ``to``, in the transaction of a SQLAlchemy connection.

    ``vault`` opens what a migration rewrites.
    """
    if connection.dialect.name == "postgresql":
        # Wait before entering Alembic: its context is per process, and waiting inside would let another task in.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    config.attributes["vault"] = vault
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
