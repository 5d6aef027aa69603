"""The catalog, as what reaches its database calls it."""

from typing import Final

from segue_server.domain.errors import CatalogUnavailable
from segue_server.sql.part import Part

CATALOG: Final = Part(
    name="catalog",
    command="segue-catalog",
    error=CatalogUnavailable,
    migrations="segue_server.catalog:migrations",
    head="0002",
    version_table="alembic_version",
)
