"""The version that serving asks for is the newest of the migrations."""

from alembic.script import ScriptDirectory

from segue_server.catalog.migrate import alembic_config
from segue_server.catalog.version import HEAD


def test_head_is_the_newest_migration_and_versions_compare_as_text() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_current_head() == HEAD
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert newest_first == sorted(newest_first, reverse=True)
