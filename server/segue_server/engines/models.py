"""What every host of a model is asked and answers, whatever form its tensors travel in."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import segue_signature as sig
from segue_server.domain.model import (
    MAX_REASONS,
    Contribution,
    RankedSong,
    Ranking,
    RankQuery,
)
from segue_server.engines.descriptions import SOURCES

# What reading an answer that is none can end in.
MALFORMED = (LookupError, ValueError, TypeError, ArithmeticError, RecursionError)
# A song's strongest contributions, and the sum of the others where there are any.
Reasons = tuple[tuple[Contribution, ...], float | None]
NO_REASONS: Reasons = ((), None)
# An input's value in one row; lists are never empty, so that their first element tells the type.
Value = bool | float | Sequence[int] | Sequence[float] | Sequence[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of a model's outputs, K songs wide, and the version of the model.

    `contributions` are K rows, each at least as wide as the listened songs, and read only where
    the query `wants_reasons`.
    """

    version: str
    ids: Sequence[int]
    scores: Sequence[float]
    sources: Sequence[int]
    known: Sequence[bool]
    contributions: Sequence[Sequence[float]] = ()


def wants_reasons(query: RankQuery) -> bool:
    """Tell whether contributions are to be read."""
    return query.explain and bool(query.songs)


def outputs(query: RankQuery) -> list[str]:
    """Return the names of the outputs that the answer to a query is read from."""
    needed = [
        sig.RECOM_SONGS_IDS,
        sig.RECOM_SONGS_SCORES,
        sig.RECOM_SONGS_SOURCES,
        sig.LISTENED_SONGS_KNOWN,
    ]
    return [*needed, sig.RECOM_SONGS_CONTRIBUTIONS] if wants_reasons(query) else needed


def inputs(query: RankQuery) -> dict[str, Value]:
    """Return a query as a row of the batched signature's inputs, by name."""
    wanted = query.filter
    return {
        sig.LISTENED_SONGS: _id_set(query.songs),
        sig.NO_RECOM_SONGS: query.k,
        sig.EXCLUDED_SONGS: _id_set(query.excluded_songs),
        sig.EXCLUDED_ARTISTS: _id_set(query.excluded_artists),
        sig.EXCLUDE_SEED_ARTISTS: query.exclude_seed_artists,
        sig.GENRES: [name.casefold() for name in wanted.genres] or [""],
        sig.ARTISTS: _id_set(wanted.artist_ids),
        sig.YEARS: (wanted.min_year or 0, wanted.max_year or 0),
        sig.TEMPOS: (float(wanted.min_tempo or 0), float(wanted.max_tempo or 0)),
        sig.MAX_PER_ARTIST: query.max_per_artist,
        sig.DIVERSITY: float(query.diversity),
    }


def _id_set(ids: Iterable[int]) -> Sequence[int]:
    """Return a set of ids; servers that batch cannot pad an empty one."""
    return tuple(ids) or (sig.PAD_ID,)


def ranking(name: str, query: RankQuery, answer: Answer) -> Ranking:
    """Return a model's answer as the ranking of the engine of a name.

    Raises one of MALFORMED when it is none.
    """
    if len(answer.known) < len(query.songs):
        raise ValueError(
            f"{len(answer.known)} of {len(query.songs)} listened songs are known or not"
        )
    if not all(map(math.isfinite, answer.scores)):
        raise ValueError("a score is no number")
    _must_answer(query, [song for song in answer.ids if song != sig.PAD_ID])
    columns = zip(answer.ids, answer.scores, answer.sources, _reasons(query, answer), strict=True)
    return Ranking(
        songs=tuple(
            RankedSong(song, score, SOURCES[source], *why)
            for song, score, source, why in columns
            if song != sig.PAD_ID
        ),
        engine=name,
        version=answer.version,
        # A batching server may have padded the row further.
        unknown_songs=tuple(s for s, k in zip(query.songs, answer.known, strict=False) if not k),
    )


def _must_answer(query: RankQuery, songs: Sequence[int]) -> None:
    if len(songs) > query.k:
        raise ValueError(f"{len(songs)} songs where {query.k} were asked for")
    if len(set(songs)) < len(songs):
        raise ValueError("a song comes more than once")
    if any(song < 1 for song in songs):
        raise ValueError("an id is below 1")


def _reasons(query: RankQuery, answer: Answer) -> list[Reasons]:
    """Return each ranked song's strongest contributions and the sum of its others.

    An engine that does not explain sends zeros, and so do popular songs: no contribution is made
    of those.
    """
    if not wants_reasons(query):
        return [NO_REASONS] * len(answer.ids)
    return [
        _strongest(query.songs, row, answer.known) if any(row) else NO_REASONS
        for row in answer.contributions
    ]


def _strongest(songs: Sequence[int], row: Sequence[float], known: Iterable[bool]) -> Reasons:
    if len(row) < len(songs) or not all(map(math.isfinite, row)):
        raise ValueError("the contributions are no number for each listened song")
    # A batching server may have padded row and known beyond the songs. What adds nothing is no
    # reason.
    parts = sorted((-v, s) for s, v, k in zip(songs, row, known, strict=False) if k and v)
    named = tuple(Contribution(song, -value) for value, song in parts[:MAX_REASONS])
    others = [-value for value, _ in parts[MAX_REASONS:]]
    return named, math.fsum(others) if others else None
