"""The answers as tables, for people; programs read JSON."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar
from unicodedata import category

from google.protobuf.duration_pb2 import Duration
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from segue.v1.catalog_service_pb2 import Genre
from segue.v1.engine_service_pb2 import (
    Engine,
    EngineState,
    Estimate,
    OfflineMetrics,
    Traffic,
)
from segue.v1.recommendation_service_pb2 import (
    FindSimilarSongsResponse,
    Recommendation,
    RecommendationSource,
    RecommendSongsResponse,
)
from segue.v1.song_pb2 import Song

Row = TypeVar("Row")
Column = tuple[str, Callable[[Row], str]]

TOLD_REASONS: Final = 3
# A share below it is not told more exactly.
LEAST_SHARE: Final = 0.001
# Control and format letters, halves of letters, and ends of lines and paragraphs.
COMMANDING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
NUMBERS: Final = frozenset(
    {"#", "id", "year", "length", "bpm", "listeners", "score", "songs"}
    | {"share", "answered", "degraded", "failed", "median", "recall@20", "nDCG@100"}
)
WORDS: Final = frozenset({"title", "artist", "album", "genres", "because you listened to"})


def printable(text: str) -> str:
    """Return the text without the letters by which a title could take over a terminal."""
    return "".join(
        letter if letter == "\n" or category(letter) not in COMMANDING else REPLACEMENT
        for letter in text
    )


def minutes(duration: Duration) -> str:
    """Return a playing time as minutes and seconds, `4:28`."""
    return "{}:{:02}".format(*divmod(round(duration.ToTimedelta().total_seconds()), 60))


def milliseconds(traffic: Traffic) -> str:
    """Return the median latency, `1.5 ms`; empty before the first ranking."""
    if not traffic.HasField("median_latency"):
        return ""
    return f"{traffic.median_latency.ToTimedelta().total_seconds() * 1000:.1f} ms"


def percent(share: float) -> str:
    """Return a share, `90%`, with a decimal where it needs one, `0.2%`; `<0.1%` tells the rest."""
    if 0 < share < LEAST_SHARE:
        return f"<{LEAST_SHARE:.1%}"
    return f"{share:.1%}".replace(".0%", "%")


def estimate(metrics: OfflineMetrics, measured: Estimate) -> str:
    """Return a measured value and its standard error, `0.213 ± 0.004`; empty when not measured."""
    return f"{measured.value:.3f} ± {measured.standard_error:.3f}" if metrics.listeners else ""


def because(item: Recommendation) -> str:
    """Return the strongest reasons and their parts of the score, a line each.

    A song that speaks against the recommendation is no reason for it, unless there is no other.
    """
    for_it = [reason for reason in item.reasons if reason.contribution > 0] or item.reasons[:1]
    told = [
        f"{reason.title or f'song {reason.song_id}'} ({reason.contribution:+.3f})"
        for reason in for_it[:TOLD_REASONS]
    ]
    more = len(item.reasons) - len(told)
    return "\n".join([*told, *([f"and {more} more"] if more else [])])


def source(value: int) -> str:
    """Return the source of a score in a word, empty when unspecified."""
    return word(RecommendationSource, value, "RECOMMENDATION_SOURCE_") if value else ""


def word(enum: Any, value: int, prefix: str) -> str:  # noqa: ANN401 - each enum has a type of its own
    """Return a value as people write it; a number when it is newer than this client."""
    if value not in enum.values():
        return str(value)
    return str(enum.Name(value)).removeprefix(prefix).replace("_", " ").lower()


SONG: Final[Sequence[Column[Song]]] = (
    ("id", lambda song: str(song.id)),
    ("title", lambda song: song.title),
    ("artist", lambda song: song.artist),
    ("album", lambda song: song.album),
    ("year", lambda song: str(song.year or "")),
    ("genres", lambda song: ", ".join(song.genres)),
    ("length", lambda song: minutes(song.duration) if song.HasField("duration") else ""),
    ("bpm", lambda song: f"{song.tempo:.0f}" if song.HasField("tempo") else ""),
    ("listeners", lambda song: f"{song.popularity:.2%}" if song.HasField("popularity") else ""),
)
IDENTITY: Final[Sequence[Column[Song]]] = (
    ("artist id", lambda song: str(song.artist_id or "")),
    ("MSD track", lambda song: song.msd_track_id),
    ("MSD song", lambda song: song.msd_song_id),
)
GENRE: Final[Sequence[Column[Genre]]] = (
    ("genre", lambda genre: genre.name),
    ("songs", lambda genre: f"{genre.song_count:,}"),
)
ENGINE: Final[Sequence[Column[Engine]]] = (
    ("engine", lambda engine: engine.name),
    ("", lambda engine: "default" if engine.default else ""),
    ("state", lambda engine: word(EngineState, engine.state, "ENGINE_STATE_")),
    ("version", lambda engine: engine.version),
    ("algorithm", lambda engine: engine.algorithm),
    ("source", lambda engine: source(engine.source)),
    ("songs", lambda engine: f"{engine.song_count:,}" if engine.HasField("song_count") else ""),
    (
        "explains",
        lambda engine: ("no", "yes")[engine.explains] if engine.HasField("explains") else "",
    ),
)
TRAFFIC: Final[Sequence[Column[Engine]]] = (
    ("engine", lambda engine: engine.name),
    ("share", lambda engine: percent(engine.traffic.share)),
    ("answered", lambda engine: f"{engine.traffic.answered:,}"),
    ("degraded", lambda engine: f"{engine.traffic.degraded:,}"),
    ("failed", lambda engine: f"{engine.traffic.failed:,}"),
    ("median", lambda engine: milliseconds(engine.traffic)),
    ("recall@20", lambda engine: estimate(engine.metrics, engine.metrics.recall_at_20)),
    ("nDCG@100", lambda engine: estimate(engine.metrics, engine.metrics.ndcg_at_100)),
)
RECOMMENDATION: Final[Sequence[Column[Recommendation]]] = (
    ("#", lambda item: str(item.rank)),
    *((name, lambda item, told=told: told(item.song)) for name, told in SONG if name != "album"),
    ("score", lambda item: f"{item.score:.3f}" if item.HasField("score") else ""),
    ("source", lambda item: source(item.source)),
    ("because you listened to", because),
)


def table(columns: Sequence[Column[Row]], rows: Iterable[Row], caption: str = "") -> Table:
    """Return a table of the rows; a column that no row fills is left out."""
    cells = [[printable(told(row)) for _, told in columns] for row in rows]
    made = Table(
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0), caption=caption or None, caption_justify="left"
    )
    filled = [any(column) for column in zip(*cells, strict=True)]
    for (name, _), shown in zip(columns, filled, strict=False):
        if shown:
            made.add_column(
                name,
                justify="right" if name in NUMBERS else "left",
                overflow="fold",
                no_wrap=name not in WORDS,
            )
    for row in cells:
        # Text, because a title may look like markup.
        made.add_row(*(Text(cell) for cell, shown in zip(row, filled, strict=True) if shown))
    return made


def facts(song: Song) -> Table:
    """Return a table of all that is known of one song, a line each."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for name, told in (*SONG, *IDENTITY):
        if said := printable(told(song)):
            made.add_row(name, Text(said))
    return made


def recommendations(answer: RecommendSongsResponse | FindSimilarSongsResponse) -> Table:
    """Return a table of the songs recommended, with the model that ranked them below."""
    model = answer.model
    caption = f"ranked by {model.engine} version {model.version}" if model.version else ""
    if isinstance(answer, RecommendSongsResponse) and answer.HasField("experiment"):
        caption = f"{caption} for the experiment {answer.experiment.name}".strip()
    return table(RECOMMENDATION, answer.recommendations, caption)
