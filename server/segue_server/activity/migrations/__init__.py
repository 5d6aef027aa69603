"""The steps from each schema of the catalog to the next, run by Alembic."""
