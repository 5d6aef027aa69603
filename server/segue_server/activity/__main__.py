"""The command `segue-activity`: prepares the database of what listeners keep and do."""

import argparse
import sys
from collections.abc import Sequence

from segue_server.activity.part import ACTIVITY
from segue_server.domain.errors import ActivityUnavailable
from segue_server.sql.connect import DatabaseUrlError, parse_url, shown
from segue_server.sql.migrate import migrate


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line that says why not."""
    parser = argparse.ArgumentParser("segue-activity", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    migrating = commands.add_parser("migrate", help="bring the tables to this version")
    migrating.add_argument("--url", required=True, help="sqlite:///FILE or mysql://USER:…/NAME")
    asked = parser.parse_args(arguments)
    try:
        database = shown(parse_url(ACTIVITY, asked.url))
        version = migrate(ACTIVITY, asked.url)
    except (DatabaseUrlError, ActivityUnavailable) as error:
        sys.stderr.write(f"segue-activity: {error}\n")
        return 1
    sys.stdout.write(f"{database} has schema {version}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
