"""What BigQuery would be asked, should the catalog be kept there: compiled, and not run."""

from typing import Any, Self

import pytest
from sqlalchemy import ClauseElement, Table
from sqlalchemy.schema import CreateTable
from sqlalchemy_bigquery import BigQueryDialect

from segue_server.catalog.fts5 import Fts5
from segue_server.catalog.places import Sought, walk
from segue_server.catalog.schema import CONTENT
from segue_server.catalog.search import TITLED, _survey, understand
from segue_server.catalog.songs import BY_ID, BY_PLACE, KNOWN


def compiled(statement: ClauseElement) -> str:
    """Return the SQL in one line, its parameters as the driver takes them: name and type."""
    dialect: Any = BigQueryDialect(paramstyle="pyformat")
    return " ".join(str(statement.compile(dialect=dialect)).split())


def test_any_number_of_ids_is_one_array() -> None:
    sql = compiled(BY_ID)
    assert "WHERE `song`.`id` IN UNNEST(%(wanted:INT64)s)" in sql
    assert "FROM `song` JOIN `artist` ON `artist`.`id` = `song`.`artist_id`" in sql
    assert "LEFT OUTER JOIN `genre` ON `genre`.`id` = `song_genre`.`genre_id`" in sql
    assert sql.endswith("ORDER BY `song`.`id`, `song_genre`.`position`")
    assert "IN UNNEST(%(wanted:INT64)s)" in compiled(KNOWN)


def test_songs_of_a_title_are_found_by_place() -> None:
    assert compiled(TITLED) == (
        "SELECT `song`.`place` FROM `song` WHERE `song`.`title_key` = %(title:STRING)s "
        "AND `song`.`place` > %(after:INT64)s ORDER BY `song`.`place` LIMIT %(most)s"
    )


def test_songs_of_a_page_are_read_by_place() -> None:
    sql = compiled(BY_PLACE)
    assert "WHERE `song`.`place` IN UNNEST(%(wanted:INT64)s)" in sql
    assert sql.endswith("ORDER BY `song`.`place`, `song_genre`.`position`")


def test_words_are_counted_before_they_are_looked_for() -> None:
    asked: list[ClauseElement] = []

    class Recorder:
        def execute(self, statement: ClauseElement) -> Self:
            asked.append(statement)
            return self

        def one_or_none(self) -> None:
            return None

    recorder: Any = Recorder()
    _survey(recorder, understand("love me", 20, ""))
    (sql,) = map(compiled, asked)
    assert sql.startswith("SELECT `catalog_info`.`song_count`, (SELECT min(`song`.`place`)")
    assert "WHERE `song`.`title_key` = %(title_key_1:STRING)s" in sql
    assert sql.count("(SELECT coalesce(sum(`word`.`songs`), ") == 2
    assert sql.count("WHERE `word`.`word` BETWEEN %(word_") == 2
    assert sql.endswith("FROM `catalog_info`")


def test_words_are_looked_for_in_the_texts() -> None:
    sought = Sought({"love": 300, "me": 900}, 10_000, 0, "love me")
    sql = compiled(walk(Fts5(), sought, 10_000, 21))
    assert sql.startswith("SELECT `song_text`.`place` FROM `song_text` WHERE")
    assert sql.count("instr(`song_text`.`text`, %(") == 2
    assert "NOT IN (SELECT `song`.`place` FROM `song` WHERE `song`.`title_key` = " in sql
    assert "ORDER BY `song_text`.`place` LIMIT %(" in sql


@pytest.mark.parametrize("table", CONTENT, ids=str)
def test_every_table_can_be_made(table: Table) -> None:
    sql = compiled(CreateTable(table))
    assert sql.startswith(f"CREATE TABLE `{table.name}`")
    assert sql.count("NOT NULL") == sum(not column.nullable for column in table.columns)
