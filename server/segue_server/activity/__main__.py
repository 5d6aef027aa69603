"""The command `segue-activity`: makes the tables of what listeners keep and do, and exports."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from segue_server.activity.export import export_listens
from segue_server.activity.part import ACTIVITY
from segue_server.domain.errors import ActivityUnavailable
from segue_server.sql.connect import DatabaseUrlError, parse_url, shown
from segue_server.sql.migrate import migrate


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line that says why not."""
    asked = _parser().parse_args(arguments)
    try:
        said = _export(asked) if asked.command == "export" else _migrate(asked)
    except (DatabaseUrlError, ActivityUnavailable, OSError) as error:
        sys.stderr.write(f"segue-activity: {error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("segue-activity", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    migrating = commands.add_parser("migrate", help="bring the tables to this version")
    exporting = commands.add_parser("export", help="write the listens that the events tell")
    for command in (migrating, exporting):
        command.add_argument("--url", required=True, help="sqlite:///FILE or mysql://USER:…/NAME")
    exporting.add_argument("--output", required=True, type=Path, help="a CSV file, listens.csv")
    exporting.add_argument(
        "--since",
        type=_time,
        metavar="TIME",
        help="leave out what happened before: 2026-01-31, or 2026-01-31T18:00+02:00; else in UTC",
    )
    return parser


def _migrate(asked: argparse.Namespace) -> str:
    database = shown(parse_url(ACTIVITY, asked.url))
    return f"{database} has schema {migrate(ACTIVITY, asked.url)}"


def _export(asked: argparse.Namespace) -> str:
    done = export_listens(asked.url, asked.output, asked.since)
    return f"{asked.output} has {done.listens:,} listens of {done.listeners:,} listeners"


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time, as 2026-01-31T18:00 is") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
