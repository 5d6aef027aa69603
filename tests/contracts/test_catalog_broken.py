"""What leaves the catalog when its database is not what it should be."""

import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from catalog_use import CALLS, ONE_SONG, filled, soon
from mariadb import MariaDB
from segue_server.catalog.part import CATALOG
from segue_server.catalog.sql import open_catalog
from segue_server.domain.errors import CatalogUnavailable
from segue_server.sql.connect import DatabaseUrlError
from segue_server.sql.migrate import migrate
from segue_server.sql.threads import limit_select

NewDatabase = Callable[[], str]


@pytest.fixture
def loaded(new_database: NewDatabase, tmp_path: Path) -> str:
    return filled(new_database(), tmp_path / "one", ONE_SONG)


async def _refusals(url: str) -> list[str]:
    """Return what each call says when the catalog is unavailable to all of them."""
    catalog = open_catalog(url, pool_size=1)
    texts = []
    for call in CALLS.values():
        with pytest.raises(CatalogUnavailable) as caught:
            await call(catalog, soon())
        texts.append(str(caught.value))
        assert caught.value.__cause__ is not None or "segue-catalog" in texts[-1]
    catalog.close()
    return texts


async def test_all_calls_answer_while_all_is_well(loaded: str) -> None:
    catalog = open_catalog(loaded, pool_size=1)
    for call in CALLS.values():
        await call(catalog, soon())
    catalog.close()


async def test_an_unmigrated_database_says_what_to_do(new_database: NewDatabase) -> None:
    url = new_database()
    if url.startswith("sqlite"):
        sqlite3.connect(make_url(url).database or "").close()
    assert "run `segue-catalog migrate`" in (await _refusals(url))[-1]


async def test_a_half_migrated_database_says_what_to_do(loaded: str) -> None:
    _execute(loaded, "DELETE FROM alembic_version")
    catalog = open_catalog(loaded, pool_size=1)
    with pytest.raises(CatalogUnavailable, match="is not migrated: run `segue-catalog migrate`"):
        await catalog.ping(soon())
    catalog.close()


async def test_a_database_of_a_newer_program_is_refused(loaded: str) -> None:
    _execute(loaded, "UPDATE alembic_version SET version_num = '9999'")
    catalog = open_catalog(loaded, pool_size=1)
    with pytest.raises(CatalogUnavailable, match="9999, newer than this program's"):
        await catalog.ping(soon())
    with pytest.raises(CatalogUnavailable, match="9999, newer than this program's"):
        migrate(CATALOG, loaded)
    catalog.close()


async def test_a_missing_table_is_an_unavailable_catalog(loaded: str) -> None:
    for table in ("catalog_info", "song_text", "song_genre", "song", "genre", "alembic_version"):
        _execute(loaded, f"DROP TABLE {table}")
    assert any("song" in refusal for refusal in await _refusals(loaded))


async def test_an_sqlite_file_that_does_not_exist_is_named_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "no.db"
    assert "unable to open database file" in (await _refusals(f"sqlite:///{file}"))[0]
    assert not file.exists()


async def test_a_file_that_is_no_database_is_an_unavailable_catalog(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("Buy milk. " * 500)
    assert "file is not a database" in (await _refusals(f"sqlite:///{file}"))[0]
    await _refusals(f"sqlite:///{tmp_path}")


async def test_a_truncated_file_is_an_unavailable_catalog(tmp_path: Path) -> None:
    url = filled(f"sqlite:///{tmp_path}/torn.db", tmp_path / "one", ONE_SONG)
    file = tmp_path / "torn.db"
    file.write_bytes(file.read_bytes()[:5000])
    await _refusals(url)


async def test_text_that_cannot_be_decoded_is_an_unavailable_catalog(tmp_path: Path) -> None:
    url = filled(f"sqlite:///{tmp_path}/bytes.db", tmp_path / "one", ONE_SONG)
    _execute(url, "UPDATE song SET title = CAST(x'ff80' AS TEXT)")
    catalog = open_catalog(url, pool_size=1)
    with pytest.raises(CatalogUnavailable):
        await catalog.songs([1], soon())
    catalog.close()


async def test_a_server_that_lets_nobody_in_is_an_unavailable_catalog(mariadb: MariaDB) -> None:
    wrong = make_url(mariadb.url).set(password="h0neypot").render_as_string(hide_password=False)
    for refusal in await _refusals(wrong):
        assert "Access denied" in refusal
        assert "h0neypot" not in refusal
    assert "Unknown database" in (await _refusals(mariadb.url_of("nowhere")))[0]


async def test_a_port_where_nobody_listens_is_an_unavailable_catalog() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert "Can't connect" in (await _refusals(f"mysql://x@127.0.0.1:{port}/x"))[0]


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", bytes(64)])
async def test_a_server_of_another_kind_is_an_unavailable_catalog(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_greet, args=(server, greeting), daemon=True)
        thread.start()
        await _refusals(f"mysql://x@127.0.0.1:{server.getsockname()[1]}/x")
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _greet(server: socket.socket, greeting: bytes) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            client.sendall(greeting)


async def test_a_closed_catalog_is_an_unavailable_one(loaded: str) -> None:
    catalog = open_catalog(loaded, pool_size=1)
    await catalog.ping(soon())
    catalog.close()
    for call in CALLS.values():
        with pytest.raises(CatalogUnavailable, match="closed"):
            await call(catalog, soon())


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not of the form"),
        ("catalog.db", "not of the form"),
        ("mysql://u:s3cret@host:port/x", "not of the form"),
        ("postgresql://u:s3cret@host/x", "begins with postgresql://, not one of sqlite://"),
        ("mysql+asyncmy://u:s3cret@host/x", r"begins with mysql\+asyncmy://"),
        ("mysql://u:s3cret@host", "names no database"),
        ("sqlite://", "names no database"),
    ],
)
def test_a_url_that_is_not_understood_is_refused_without_its_password(
    url: str, reason: str
) -> None:
    with pytest.raises(DatabaseUrlError, match=reason) as caught:
        open_catalog(url, pool_size=1)
    assert "s3cret" not in str(caught.value)


def test_the_time_left_is_given_to_the_server_in_its_own_words() -> None:
    select = "SELECT song.id FROM song"
    mariadb = "SET STATEMENT max_statement_time=1.500000 FOR SELECT song.id FROM song"
    mysql = "SELECT /*+ MAX_EXECUTION_TIME(1500) */ song.id FROM song"
    assert limit_select(select, 1.5, mariadb=True) == mariadb
    assert limit_select(select, 1.5, mariadb=False) == mysql
    # Zero would be no limit.
    assert "TIME(1)" in limit_select(select, 0.0001, mariadb=False)
    assert "=0.001000 " in limit_select(select, 0.0001, mariadb=True)
    assert limit_select("DESCRIBE song", 1.5, mariadb=True) == "DESCRIBE song"


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
