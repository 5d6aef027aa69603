"""Gives every invented song the features that a listener would hear: recipe `synthetic-1`."""

from typing import Final

import numpy as np

from segue_model.data.columns import Features, Numbers
from segue_model.data.normalizing import on_circle_of_fifths, rounded, standardized, weighed
from segue_model.data.synthetic_genres import GENRES, places
from segue_model.data.synthetic_music import Artists, Songs

RECIPE: Final = "synthetic-1"
SCALARS: Final = (
    "tempo",
    "loudness",
    "mode",
    "duration",
    "year",
    "triple_meter",
    "key_cos",
    "key_sin",
)
TIMBRE: Final = tuple(f"timbre_{at}" for at in range(12))
TERMS: Final = tuple(f"term_{at}" for at in range(12))
WEIGHTS: Final = {"scalars": 0.5, "timbre": 0.8, "terms": 1.0}


def synthetic_features(rng: np.random.Generator, artists: Artists, songs: Songs) -> Features:
    """Return 32 features a song: songs around artists around scenes around genres."""
    scalars = weighed(_scalars(songs), WEIGHTS["scalars"])
    timbre = weighed(_sound(rng, artists, songs, 0.3), WEIGHTS["timbre"])
    # What people say of a song is what they say of its artist, nearly.
    terms = weighed(_sound(rng, artists, songs, 0.1), WEIGHTS["terms"])
    values = rounded(np.concatenate([scalars, timbre, terms], axis=1))
    return Features((*SCALARS, *TIMBRE, *TERMS), values, RECIPE)


def _scalars(songs: Songs) -> Numbers:
    columns = [
        songs.tempo,
        songs.loudness,
        ~songs.minor,
        np.log(songs.duration),
        np.where(songs.year == 0, np.nan, songs.year),
        songs.triple,
    ]
    keys = on_circle_of_fifths(songs.tonic, np.ones(len(songs.tonic)))
    return np.concatenate([standardized(np.stack(columns, axis=1)), keys], axis=1)


def _sound(rng: np.random.Generator, artists: Artists, songs: Songs, own: float) -> Numbers:
    """Return 12 standardized columns; `own` is how far songs lie from their artist."""
    width = len(TIMBRE)
    of_genre = (places() - 0.5) @ rng.standard_normal((3, width))
    of_genre += rng.normal(0, 0.3, (len(GENRES), width))
    of_scene = rng.normal(0, 0.4, (int(artists.scene.max()) + 1, width))
    of_artist = rng.normal(0, 0.3, (len(artists.first), width)) + of_scene[artists.scene]
    of_artist += of_genre[artists.first]
    mixed = artists.second >= 0
    drawn = of_genre[artists.second[mixed]] - of_genre[artists.first[mixed]]
    of_artist[mixed] += 0.25 * drawn
    return standardized(rng.normal(of_artist[songs.artist], own))
