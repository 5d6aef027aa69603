"""Follows the recipe: from the songs of a part to their features."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Numbers
from segue_model.data.normalizing import rounded, weighed
from segue_model.ingest.recipe import columns
from segue_model.ingest.recipe.parameters import Scale
from segue_model.ingest.recipe.shrinking import rows_of, shrunken
from segue_model.ingest.recipe.stored import Recipe
from segue_model.ingest.tracks import Arrow

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Which row of the recipe's artists and genres each song has, [n]; -1 is none of them."""

    artists: Rows
    genres: Rows

    @classmethod
    def of(cls, part: Arrow, recipe: Recipe) -> Self:
        return cls(
            rows_of(recipe.artists.ids, columns.artists(part)),
            rows_of(recipe.genres.ids, columns.first_genres(part)),
        )


def featurize(part: Arrow, recipe: Recipe) -> Numbers:
    """Return the features of the songs of a part, [n, d], as they are kept.

    A song of an artist that the recipe does not know is placed by its own terms.
    """
    known = _Known.of(part, recipe)
    blocks = [_scalars(part, recipe, known), _terms(part, recipe, known)]
    if recipe.sound:
        blocks.append(_sound(part, recipe, recipe.sound, known.genres))
    return rounded(np.concatenate(blocks, axis=1))


def _scalars(part: Arrow, recipe: Recipe, known: _Known) -> Numbers:
    values = columns.scalars(part)
    at = np.flatnonzero(np.isnan(values).any(axis=1))
    wider = _wider(recipe.genres.scalars, known.genres[at], recipe.scalars)
    rows, artists = known.artists[at], recipe.artists
    expected = wider
    if len(artists.ids):
        counts = np.where(rows[:, None] >= 0, artists.counts[rows], 0)
        expected = shrunken(artists.means[rows], counts, recipe.doubt, wider)
    values[at] = np.where(np.isnan(values[at]), expected, values[at])
    return weighed(recipe.scalars.standardized(values, recipe.clip), recipe.weights["scalars"])


def _terms(part: Arrow, recipe: Recipe, known: _Known) -> Numbers:
    values = np.full((len(part), columns.TERM_COLUMNS), np.nan, np.float32)
    values[known.artists >= 0] = recipe.artists.terms[known.artists[known.artists >= 0]]
    at = np.flatnonzero(np.isnan(values[:, 0]))
    if len(at):
        values[at] = recipe.terms.placed(part["terms"].take(at).combine_chunks())
        at = at[np.isnan(values[at, 0])]
        values[at] = 0
        at = at[known.genres[at] >= 0]
        values[at] = recipe.genres.terms[known.genres[at]]
    return (recipe.weights["terms"] * values).astype(np.float32)


def _sound(part: Arrow, recipe: Recipe, scale: Scale, genres: Rows) -> Numbers:
    values = columns.sound(part)
    at = np.flatnonzero(np.isnan(values[:, 0]))
    values[at] = _wider(recipe.genres.sound, genres[at], scale)
    return weighed(scale.standardized(values, recipe.clip), recipe.weights["sound"])


def _wider(expected: columns.Values, genres: Rows, scale: Scale) -> columns.Values:
    """Return what is expected of songs of these genres; of those without any, the mean of all."""
    values = np.broadcast_to(scale.means, (len(genres), len(scale.means))).copy()
    values[genres >= 0] = expected[genres[genres >= 0]]
    return values
