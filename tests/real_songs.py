"""Where the real songs are, for the tests that want them."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """Return the folder of real songs, whether it is there or not."""
    given = os.environ.get("SEGUE_REAL_DATA")  # noqa: TID251 - tests read where they run
    return Path(given) if given else ROOT.parent / "shared" / "data"
