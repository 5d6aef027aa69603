"""The values that pass between the rooms, as plain frozen dataclasses."""

import enum
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from segue_server.domain.evaluation import OfflineMetrics, Retrieval
from segue_server.domain.experiment import Arm

Item = TypeVar("Item")


class View(enum.Enum):
    """How much of a song an answer holds."""

    IDS_ONLY = "ids_only"
    BASIC = "basic"
    FULL = "full"


class Source(enum.Enum):
    """What a score was made from."""

    CONTENT = "content"
    COLLABORATIVE = "collaborative"
    BLEND = "blend"
    POPULAR = "popular"


class Degradation(enum.Enum):
    """Why an answer is less than it would be with all parts up."""

    MODEL_UNAVAILABLE = "model_unavailable"
    CATALOG_UNAVAILABLE = "catalog_unavailable"
    CATALOG_INCOMPLETE = "catalog_incomplete"
    HISTORY_UNAVAILABLE = "history_unavailable"


@dataclass(frozen=True, slots=True)
class Song:
    """A song of the catalog; `None` is "unknown" throughout.

    `duration` is in seconds, `tempo` in beats per minute, `popularity` the share of listeners
    who have listened to it (0 to 1), `genres` are names, the strongest first.
    """

    id: int
    title: str | None
    artist: str
    artist_id: int
    album: str | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()
    duration: float | None = None
    tempo: float | None = None
    popularity: float | None = None
    msd_track_id: str | None = None
    msd_song_id: str | None = None


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre of the catalog and how many songs are of it."""

    id: int
    name: str
    song_count: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of a listing; `next_token` is empty on the last one."""

    items: tuple[Item, ...]
    next_token: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which songs may be recommended; a song must satisfy every part that is set.

    Empty tuples and `None` set nothing. All bounds are inclusive; a song of unknown year or
    tempo does not satisfy a bound on it.
    """

    genres: tuple[str, ...] = ()
    artist_ids: tuple[int, ...] = ()
    min_year: int | None = None
    max_year: int | None = None
    min_tempo: float | None = None
    max_tempo: float | None = None


@dataclass(frozen=True, slots=True)
class RankQuery:
    """What an engine is asked: a listener's songs, and which songs may answer.

    `songs` holds no duplicates. `excluded_songs` holds disliked songs too. `max_per_artist` of 0
    sets no limit. `diversity`, 0 to 1, is the weight of the songs' differences against their
    scores. `substitute` says whether another engine may answer when this one cannot.
    """

    songs: tuple[int, ...]
    k: int
    filter: Filter = field(default_factory=Filter)
    excluded_songs: tuple[int, ...] = ()
    excluded_artists: tuple[int, ...] = ()
    exclude_seed_artists: bool = False
    max_per_artist: int = 0
    diversity: float = 0.0
    explain: bool = False
    substitute: bool = True


@dataclass(frozen=True, slots=True)
class Contribution:
    """A listened song's part of a score."""

    song_id: int
    value: float


# The most reasons of one song: more are no help to a listener, and a thousand songs explained by a
# thousand each are no answer that anyone can carry.
MAX_REASONS = 20


@dataclass(frozen=True, slots=True)
class RankedSong:
    """A song with its score.

    Where the engine explains, `contributions` are the strongest, at most `MAX_REASONS`, and sum to
    the score with `remaining`, the sum of all others; that is `None` when there are none.
    """

    id: int
    score: float
    source: Source
    contributions: tuple[Contribution, ...] = ()
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """An engine's answer: songs best first, equal scores by id; as picked where that is diverse.

    `unknown_songs` are the listened songs that the engine does not know. `version` is empty when
    no model ranked.
    """

    songs: tuple[RankedSong, ...]
    engine: str
    version: str = ""
    unknown_songs: tuple[int, ...] = ()
    degraded: tuple[Degradation, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine says of itself; `None` is "it does not say"."""

    version: str
    algorithm: str
    source: Source
    song_count: int
    explains: bool
    dataset: str
    metrics: OfflineMetrics | None = None
    retrieval: Retrieval | None = None


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """What a caller asks of the recommender; an empty `engine` leaves it to the traffic.

    `visitor` says who takes part in an experiment: empty anyone, `None` nobody. `history_of` is the
    owner whose likes and dislikes count too, `None` nobody's.
    """

    query: RankQuery
    engine: str = ""
    view: View = View.BASIC
    visitor: str | None = ""
    history_of: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A listened song's part of a score, with the song's title where it is known."""

    song_id: int
    title: str | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended song; of `song` only the id is known when the catalog did not tell more."""

    song_id: int
    song: Song | None
    score: float
    source: Source
    reasons: tuple[Reason, ...] = ()
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The recommender's answer; times are in seconds."""

    items: tuple[Recommendation, ...]
    engine: str
    version: str
    unknown_songs: tuple[int, ...]
    degraded: tuple[Degradation, ...]
    model_time: float
    catalog_time: float
    arm: Arm | None = None
