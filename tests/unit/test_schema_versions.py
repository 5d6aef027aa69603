"""The version that serving asks for is the newest of the migrations."""

import pytest
from alembic.script import ScriptDirectory

from segue_server.activity.part import ACTIVITY
from segue_server.catalog.part import CATALOG
from segue_server.sql.migrate import alembic_config
from segue_server.sql.part import Part


@pytest.mark.parametrize("part", [CATALOG, ACTIVITY], ids=lambda part: part.name)
def test_head_is_the_newest_migration_and_versions_compare_as_text(part: Part) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(part))
    assert scripts.get_current_head() == part.head
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert newest_first == sorted(newest_first, reverse=True)
