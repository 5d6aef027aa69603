"""Tells Alembic which connection to migrate: the one that `migrate` has opened."""

from alembic import context

told = context.config.attributes
context.configure(
    connection=told["connection"], version_table=told["version_table"], transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
