"""The options of `segue recommend` and `segue similar`, and the messages that they become."""

from collections.abc import Callable
from functools import reduce
from typing import Any, Final, TypedDict, TypeVar

import click

from segue.v1.recommendation_service_pb2 import (
    DIVERSITY_HIGH,
    DIVERSITY_LOW,
    DIVERSITY_MEDIUM,
    DIVERSITY_NONE,
    DIVERSITY_UNSPECIFIED,
    Diversity,
    RecommendationExclusion,
    RecommendationFilter,
)
from segue.v1.song_pb2 import (
    SONG_VIEW_BASIC,
    SONG_VIEW_FULL,
    SONG_VIEW_IDS_ONLY,
    SONG_VIEW_UNSPECIFIED,
    SongView,
)
from segue_client.client import RecommendOptions, SimilarOptions

Command = TypeVar("Command", bound=Callable[..., Any])

LIMIT: Final = 2**31
VIEWS: Final = {
    "ids-only": SONG_VIEW_IDS_ONLY,
    "basic": SONG_VIEW_BASIC,
    "full": SONG_VIEW_FULL,
}

DIVERSITIES: Final = {
    "none": DIVERSITY_NONE,
    "low": DIVERSITY_LOW,
    "medium": DIVERSITY_MEDIUM,
    "high": DIVERSITY_HIGH,
}


def an_id(text: str) -> int:
    """Return the id written; what is none is said to be, before a server is asked."""
    if not text.isdecimal() or not 1 <= int(text) < LIMIT:
        raise click.BadParameter(f"{text!r} is no id; ids are whole numbers from 1.")
    return int(text)


def a_text(text: str) -> str:
    """Return what was typed, which must be text: a terminal passes other bytes on too."""
    if not text.isprintable():
        raise click.BadParameter("it holds what cannot be printed.")
    return text


def a_count(text: str) -> int:
    """Return the whole number written, from 0."""
    if not text.isdecimal() or not int(text) < LIMIT:
        raise click.BadParameter(f"{text!r} is no whole number from 0.")
    return int(text)


class SimilarFlags(TypedDict):
    """What click hands to `segue similar`, by the options' names."""

    engine: str
    genre: tuple[str, ...]
    artist: tuple[int, ...]
    min_year: int | None
    max_year: int | None
    min_tempo: float | None
    max_tempo: float | None
    max_per_artist: int
    view: str | None
    diversity: str | None


class RecommendFlags(SimilarFlags):
    """What click hands to `segue recommend`, by the options' names."""

    exclude_song: tuple[int, ...]
    exclude_artist: tuple[int, ...]
    exclude_seed_artists: bool
    dislike: tuple[int, ...]
    explain: bool
    visitor: str


SIMILAR: Final = (
    click.option("--engine", default="", metavar="NAME", help="Who ranks; see `segue engines`."),
    click.option("--genre", multiple=True, metavar="NAME", help="Only songs of this genre. *"),
    click.option(
        "--artist", multiple=True, type=an_id, metavar="ID", help="Only by this artist. *"
    ),
    click.option("--min-year", type=a_count, metavar="YEAR", help="Only of this year or later."),
    click.option("--max-year", type=a_count, metavar="YEAR", help="Only of this year or before."),
    click.option("--min-tempo", type=float, metavar="BPM", help="Only songs at least this fast."),
    click.option("--max-tempo", type=float, metavar="BPM", help="Only songs at most this fast."),
    click.option("--max-per-artist", type=a_count, default="0", metavar="N", help="0 is no limit."),
    click.option("--view", type=click.Choice(list(VIEWS)), help="How much to tell of each song."),
    click.option(
        "--diversity",
        type=click.Choice(list(DIVERSITIES)),
        help="How much the songs shall differ from one another.",
    ),
)
RECOMMEND: Final = (
    *SIMILAR,
    click.option(
        "--exclude-song", multiple=True, type=an_id, metavar="ID", help="Not this song. *"
    ),
    click.option(
        "--exclude-artist", multiple=True, type=an_id, metavar="ID", help="Not by this artist. *"
    ),
    click.option("--exclude-seed-artists", is_flag=True, help="Nothing by the artists given."),
    click.option("--dislike", multiple=True, type=an_id, metavar="ID", help="A song disliked. *"),
    click.option("--explain", is_flag=True, help="Say which songs led to each."),
    click.option(
        "--visitor", type=a_text, default="", metavar="ID", help="Who stays in an experiment's arm."
    ),
)


def with_options(options: tuple[Callable[[Command], Command], ...]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command all of the options, in their order."""
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


def similar_options(flags: SimilarFlags) -> SimilarOptions:
    """Return what the flags say in the contract's terms."""
    return SimilarOptions(
        engine=flags["engine"],
        filter=RecommendationFilter(
            genres=flags["genre"],
            artist_ids=flags["artist"],
            min_year=flags["min_year"],
            max_year=flags["max_year"],
            min_tempo=flags["min_tempo"],
            max_tempo=flags["max_tempo"],
        ),
        max_per_artist=flags["max_per_artist"],
        view=_view(flags["view"]),
        diversity=_diversity(flags["diversity"]),
    )


def recommend_options(flags: RecommendFlags) -> RecommendOptions:
    """Return what the flags say in the contract's terms."""
    return RecommendOptions(
        **similar_options(flags),
        exclude=RecommendationExclusion(
            song_ids=flags["exclude_song"],
            artist_ids=flags["exclude_artist"],
            seed_artists=flags["exclude_seed_artists"],
        ),
        disliked_songs=flags["dislike"],
        explain=flags["explain"],
        visitor_id=flags["visitor"],
        use_history=False,  # the command line asks for nobody in particular
    )


def _diversity(name: str | None) -> "Diversity.ValueType":
    return DIVERSITIES[name] if name else DIVERSITY_UNSPECIFIED


def _view(name: str | None) -> "SongView.ValueType":
    return VIEWS[name] if name else SONG_VIEW_UNSPECIFIED
