"""Alembic's environment: the caller brings the connection."""

from alembic import context
from sqlalchemy import text

from broadcaster.store.tables import metadata

_LOCK = 0x746F6373  # "tocs": one migration at a time

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
