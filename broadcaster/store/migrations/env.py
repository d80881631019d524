"""Alembic's environment: the caller brings the connection, and has the lock."""

from alembic import context

from broadcaster.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
