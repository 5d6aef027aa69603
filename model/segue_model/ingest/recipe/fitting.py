"""Fits the recipe to all songs: one pass over what the parts told of them."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.errors import DatasetError
from segue_model.data.layout import RECIPE_FILE
from segue_model.ingest.recipe.columns import KEYS, PLAIN, SCALARS, TERM_COLUMNS, Ids, Values
from segue_model.ingest.recipe.measures import Measures, Pairs, merged
from segue_model.ingest.recipe.moments import Moments, Sums
from segue_model.ingest.recipe.parameters import Artists, Genres, Scale
from segue_model.ingest.recipe.shrinking import doubt, rows_of, shrunken
from segue_model.ingest.recipe.stored import Recipe
from segue_model.ingest.recipe.terms import TermModel
from segue_model.ingest.tracks import Arrow

# Fewer songs with sound say little of how the others sound.
LEAST_SHARE_WITH_SOUND: Final = 0.5


def fit(measures: Iterable[Measures], artist_terms: Arrow, songs: int) -> Recipe:
    """Return the recipe fitted to songs, given the measures of their parts in order.

    `artist_terms` has every artist's `id`, in order, and `terms`, the strongest first.
    Raises: DatasetError when the measures are not those of `songs` songs of these artists.
    """
    whole = merged(measures)
    _check(whole, artist_terms, songs)
    lists = artist_terms["terms"].combine_chunks()
    terms = TermModel.of(lists)
    artists = _artists(whole.by_artist, artist_terms["id"].to_numpy(), terms.placed(lists))
    has_sound = whole.sound.counts.min() >= LEAST_SHARE_WITH_SOUND * songs
    sound = _scale(whole.sound) if has_sound else None
    scalars = _scale_of_scalars(whole.scalars)
    known = dict(zip(SCALARS, whole.scalars.counts.tolist(), strict=True))
    return Recipe(
        songs=songs,
        known=known
        | {"terms": _songs_with_terms(whole.pairs, artists), "sound": int(whole.sound.counts[0])},
        scalars=scalars,
        doubt=doubt(whole.by_artist),
        terms=terms,
        sound=sound,
        genres=_genres(whole, scalars, sound, artists),
        artists=artists,
    )


def _check(whole: Measures, artist_terms: Arrow, songs: int) -> None:
    if whole.songs != songs:
        raise DatasetError(RECIPE_FILE, None, f"measures of {whole.songs} songs, not of {songs}")
    rows = rows_of(artist_terms["id"].to_numpy(), whole.pairs.artists)
    if (rows < 0).any():
        unknown = whole.pairs.artists[rows.argmin()]
        raise DatasetError(
            RECIPE_FILE, None, f"artist {unknown} of a song is not among the artists"
        )


def _artists(by_artist: Sums, ids: Ids, terms: npt.NDArray[np.float32]) -> Artists:
    rows = rows_of(ids, by_artist.ids)
    means = np.full((len(ids), len(SCALARS)), np.nan)
    counts = np.zeros((len(ids), len(SCALARS)), np.int64)
    means[rows], counts[rows] = by_artist.means(), by_artist.counts
    return Artists(ids, means, counts, terms)


def _scale(moments: Moments) -> Scale:
    return Scale(moments.means, moments.means, moments.deviations())


def _scale_of_scalars(moments: Moments) -> Scale:
    """Return the scale; that of keys is the circle's own, or it would be none."""
    scale = _scale(moments)
    centers = np.concatenate([scale.means[: len(PLAIN)], np.zeros(len(KEYS))])
    deviations = np.concatenate([scale.deviations[: len(PLAIN)], np.ones(len(KEYS))])
    return Scale(scale.means, centers, deviations)


def _genres(whole: Measures, scalars: Scale, sound: Scale | None, artists: Artists) -> Genres:
    ids = np.unique(whole.pairs.genres[whole.pairs.genres > 0])
    none = np.zeros((len(ids), 0))
    return Genres(
        ids,
        _expected(whole.by_genre, scalars),
        _mean_terms(whole.pairs, artists, ids),
        _expected(whole.sound_by_genre, sound) if sound else none,
    )


def _expected(by_genre: Sums, scale: Scale) -> Values:
    return shrunken(by_genre.means(), by_genre.counts, doubt(by_genre), scale.means)


def _mean_terms(pairs: Pairs, artists: Artists, ids: Ids) -> Values:
    """Return the mean of the terms of each genre's songs, [g, 24], 0 where no artist has any."""
    terms = artists.terms[rows_of(artists.ids, pairs.artists)].astype(np.float64)
    counts = (pairs.genres > 0) & ~np.isnan(terms[:, 0])
    at, songs = rows_of(ids, pairs.genres[counts]), pairs.songs[counts]
    number = np.bincount(at, songs, len(ids))
    sums = [np.bincount(at, songs * column, len(ids)) for column in terms[counts].T]
    return np.stack(sums, axis=1).reshape(len(ids), TERM_COLUMNS) / np.maximum(number, 1)[:, None]


def _songs_with_terms(pairs: Pairs, artists: Artists) -> int:
    rows = rows_of(artists.ids, pairs.artists)
    return int(pairs.songs[~np.isnan(artists.terms[rows, 0])].sum())
