"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real songs; tests that use it are required where it exists."""
    folder = Path(os.environ.get("SEGUE_REAL_DATA", ROOT.parent / "shared" / "data"))  # noqa: TID251 - the one variable of the tests
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set SEGUE_REAL_DATA")
    return folder
