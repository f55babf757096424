"""Alembic runs with the connection that the store hands it; there is no other way in."""

from alembic import context

from flows.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
