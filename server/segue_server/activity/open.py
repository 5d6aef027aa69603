"""Opens the database of what listeners keep and do."""

from segue_server.activity.events import SqlEvents
from segue_server.activity.part import ACTIVITY
from segue_server.activity.playlists import SqlPlaylists
from segue_server.sql.connect import SERVING, open_engine, parse_url
from segue_server.sql.threads import Threads


class Activity:
    """What lies in one database, over connections for what is asked and others for events."""

    def __init__(self, threads: Threads, for_events: Threads) -> None:
        """Take over both."""
        self._threads = (threads, for_events)
        self.playlists = SqlPlaylists(threads)
        self.events = SqlEvents(for_events, threads)

    def close(self) -> None:
        """Wait for the work under way, a few seconds at most, and close every connection."""
        for threads in self._threads:
            threads.close()


def open_activity(url: str, connections: int, event_connections: int) -> Activity:
    """Return what lies at `url`, over at most so many connections, and as many more for events.

    Nothing is connected yet: a database that is down now is used once it is up.
    Raises: DatabaseUrlError, a ValueError.
    """
    return Activity(_threads(url, connections), _threads(url, event_connections))


def _threads(url: str, connections: int) -> Threads:
    engine = open_engine(parse_url(ACTIVITY, url), connections, SERVING)
    return Threads(ACTIVITY, engine, connections)
