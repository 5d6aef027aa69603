"""Events: what listeners do with songs, and the opinions that follow from them."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from segue_server.domain.attribution import Attribution

MAX_EVENTS: Final = 500
# The latest of each kind of opinion that count: a taste is what a listener likes now.
MAX_OPINIONS: Final = 500

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks of callers go wrong by hours where they do not know their time zone.
AHEAD: Final = timedelta(days=1)
LONGEST_PLAY: Final = timedelta(hours=24)


class EventType(enum.Enum):
    """What happened to a song."""

    IMPRESSION = "impression"
    PLAY = "play"
    SKIP = "skip"
    LIKE = "like"
    DISLIKE = "dislike"
    CLEAR = "clear"
    ADD = "add"
    REMOVE = "remove"


# What tells, or takes back, an opinion of a song; the latest counts.
OPINIONS: Final = (EventType.LIKE, EventType.DISLIKE, EventType.CLEAR)
# What models learn from as a play of the song.
LISTENS: Final = (EventType.PLAY, EventType.LIKE, EventType.ADD)
# What lasts for some time.
TIMED: Final = (EventType.PLAY, EventType.SKIP)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a listener did, or was shown, at a time in UTC.

    `shown` is the answer that showed the song, `None` when none did. `playlist_id` is empty when it
    happened in none.
    """

    id: str
    type: EventType
    song_id: int
    occurred: datetime
    shown: Attribution | None = None
    playlist_id: str = ""
    play_duration: timedelta | None = None

    @property
    def rank(self) -> int | None:
        """The place, from 1, at which the answer showed the song."""
        return self.shown.songs.index(self.song_id) + 1 if self.shown else None


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many events of a batch are recorded now, and how many were known already."""

    recorded: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Opinions:
    """The songs that a listener likes and dislikes, the latest first, `MAX_OPINIONS` at most."""

    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()


def is_time_of_event(time: datetime, now: datetime) -> bool:
    """Whether an event may have happened then, by a clock that need not be the server's."""
    return EARLIEST <= time <= now + AHEAD
