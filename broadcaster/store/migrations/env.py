"""Alembic's environment: the caller provides the connection and holds the lock."""

from alembic import context

from broadcaster.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
