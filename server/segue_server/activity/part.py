"""What listeners keep and do, as what reaches its database calls it."""

from typing import Final

from segue_server.domain.errors import ActivityUnavailable
from segue_server.sql.part import Part

ACTIVITY: Final = Part(
    name="activity",
    command="segue-activity",
    error=ActivityUnavailable,
    migrations="segue_server.activity:migrations",
    head="0002",
    # Not Alembic's usual name, so that the catalog may lie in the same database.
    version_table="activity_version",
)
