"""Opens the database of what listeners keep and do."""

from segue_server.activity.part import ACTIVITY
from segue_server.activity.playlists import SqlPlaylists
from segue_server.sql.connect import SERVING, open_engine, parse_url
from segue_server.sql.threads import Threads


class Activity:
    """What lies in one database, over one set of connections."""

    def __init__(self, threads: Threads) -> None:
        """Take over `threads`."""
        self._threads = threads
        self.playlists = SqlPlaylists(threads)

    def close(self) -> None:
        """Wait for the work under way, a few seconds at most, and close every connection."""
        self._threads.close()


def open_activity(url: str, connections: int) -> Activity:
    """Return what lies at `url`, over at most so many connections.

    Nothing is connected yet: a database that is down now is used once it is up.
    Raises: DatabaseUrlError, a ValueError.
    """
    engine = open_engine(parse_url(ACTIVITY, url), connections, SERVING)
    return Activity(Threads(ACTIVITY, engine, connections))
