"""The version that serving asks for is the newest of the migrations."""

from alembic.script import ScriptDirectory

from segue_server.catalog.part import CATALOG
from segue_server.sql.migrate import alembic_config


def test_head_is_the_newest_migration_and_versions_compare_as_text() -> None:
    scripts = ScriptDirectory.from_config(alembic_config(CATALOG))
    assert scripts.get_current_head() == CATALOG.head
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert newest_first == sorted(newest_first, reverse=True)
