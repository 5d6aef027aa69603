"""What the contract suites of this folder share."""

import itertools
from collections.abc import Callable

import pytest

from mariadb import MariaDB

_numbers = itertools.count()


@pytest.fixture(scope="session", params=["sqlite", "mariadb"])
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Makes an empty database of each kind and returns its URL."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("catalogs")
        return lambda: f"sqlite:///{folder}/{next(_numbers)}.db"
    server: MariaDB = request.getfixturevalue("mariadb")
    return lambda: server.create_database(f"test_{next(_numbers)}")
