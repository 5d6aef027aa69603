"""The command `segue-catalog`: prepares the catalog's database and fills it."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from segue_server.catalog.dataset import DatasetError
from segue_server.catalog.load import load, show_nothing
from segue_server.catalog.part import CATALOG
from segue_server.catalog.progress import ProgressLine
from segue_server.catalog.schema import album, artist, catalog_info, genre, song
from segue_server.domain.errors import CatalogUnavailable
from segue_server.sql.connect import DatabaseUrlError, opened, parse_url, shown
from segue_server.sql.migrate import migrate
from segue_server.sql.version import check

# What a shell says of a program that Ctrl-C has ended.
STOPPED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or after one line that says why not, 1, or 130 for Ctrl-C."""
    asked = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], str] = asked.run
    try:
        sys.stdout.write(run(asked) + "\n")
    except (DatasetError, DatabaseUrlError) as error:
        return _fail(f"{error}")
    except CatalogUnavailable as error:
        return _fail(f"{_database(asked)}: {error}")
    except KeyboardInterrupt:
        return _fail(f"stopped{asked.when_stopped}", STOPPED)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("segue-catalog", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    migrating = commands.add_parser("migrate", help="bring the tables to this version")
    loading = commands.add_parser("load", help="put a dataset in the place of what is there")
    telling = commands.add_parser("info", help="say what the catalog holds")
    for command, run in ((migrating, _migrate), (loading, _load), (telling, _info)):
        command.set_defaults(run=run, when_stopped="")
        command.add_argument("--url", required=True, help="sqlite:///FILE or mysql://USER:…/NAME")
    loading.set_defaults(when_stopped="; the next load of this dataset goes on from here")
    loading.add_argument("folder", metavar="DATASET_DIR", type=Path)
    loading.add_argument(
        "--if-changed", action="store_true", help="do nothing when the catalog holds this dataset"
    )
    return parser


def _migrate(asked: argparse.Namespace) -> str:
    version = migrate(CATALOG, asked.url)
    return f"{_database(asked)} has schema {version}"


def _load(asked: argparse.Namespace) -> str:
    begun = time.monotonic()
    progress = ProgressLine(sys.stderr) if sys.stderr.isatty() else show_nothing
    loaded = load(asked.url, asked.folder, if_changed=asked.if_changed, progress=progress)
    name = loaded.manifest.name
    if not loaded.changed:
        return f"did nothing: {_database(asked)} holds this dataset, {name!r}, already"
    counts = ", ".join(f"{count} {what}" for what, count in loaded.manifest.counts.items())
    seconds = time.monotonic() - begun
    return f"loaded {name!r} into {_database(asked)} in {seconds:.1f} s: {counts}"


def _info(asked: argparse.Namespace) -> str:
    with opened(CATALOG, parse_url(CATALOG, asked.url)) as engine, engine.connect() as connection:
        check(CATALOG, connection)
        info = connection.execute(select(catalog_info)).one_or_none()
        counts = {
            f"{table.name}s": connection.scalar(select(func.count()).select_from(table))
            for table in (song, artist, album, genre)
        }
    lines = {"database": _database(asked), "schema": CATALOG.head, "dataset": "none is loaded"}
    if info is not None:
        loaded_at = f"{info.loaded_at.isoformat()}Z"
        lines |= {"dataset": info.name, "fingerprint": info.fingerprint, "loaded": loaded_at}
    return "\n".join(f"{name + ':':<13}{value}" for name, value in (lines | counts).items())


def _database(asked: argparse.Namespace) -> str:
    return shown(parse_url(CATALOG, asked.url))


def _fail(reason: str, code: int = 1) -> int:
    # On a terminal, a line of progress may stand here.
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}segue-catalog: {reason}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
