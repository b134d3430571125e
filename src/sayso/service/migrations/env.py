"""Run by Alembic, on the connection that `sayso.service.database.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

from sayso.service import tables

assert tables.Session.metadata is SQLModel.metadata
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
context.run_migrations()
