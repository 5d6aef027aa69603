"""A part of the server that keeps its data in a database."""

from dataclasses import dataclass

from segue_server.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Part:
    """What a database holds, and how that is called where people read of it.

    `error` is what is raised while it does not answer, `command` the program that makes its tables
    by the `migrations`, a package's folder as Alembic writes it. `head` is the newest of these;
    they are numbered and compare as text. `version_table` is where Alembic remembers them.
    """

    name: str
    command: str
    error: type[Unavailable]
    migrations: str
    head: str
    version_table: str
