"""Runs the migrations on the connection that the service hands over."""

from alembic import context

from cds_service.memory.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
