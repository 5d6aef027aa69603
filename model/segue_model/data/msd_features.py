"""Turns tracks and their artists' terms into features: recipe `msd-1`, see `docs/features.md`."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import svds

from segue_model.data.columns import Features, Numbers
from segue_model.data.msd_tracks import Track
from segue_model.data.normalizing import on_circle_of_fifths, rounded, standardized, weighed

RECIPE: Final = "msd-1"
RECIPE_WITH_SOUND: Final = "msd-1-sound"
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
TERM_COLUMNS: Final = 24
TERMS: Final = tuple(f"term_{at}" for at in range(TERM_COLUMNS))
SOUND: Final = tuple(
    f"{what}_{statistic}_{at}"
    for what in ("timbre", "pitch")
    for statistic in ("mean", "deviation")
    for at in range(12)
)
TERM_WEIGHT: Final = 1.0
SCALAR_WEIGHT: Final = 0.25
SOUND_WEIGHT: Final = 0.4
# A term of one artist only tells nothing of likeness.
ARTISTS_OF_A_TERM: Final = 2
METERS: Final = {3: 1.0, 4: 0.0}
MINOR_TO_MAJOR: Final = 3


def msd_features(tracks: Sequence[Track], terms: Mapping[str, Sequence[str]]) -> Features:
    """Return the features of the tracks; sound is among them when every track has it.

    `terms` are each artist's, the strongest first. The same input makes the same features.
    """
    plain = standardized(np.array([_scalars(track) for track in tracks]))
    scalars = np.concatenate([plain, _keys(tracks)], axis=1)
    blocks = [weighed(scalars, SCALAR_WEIGHT), TERM_WEIGHT * _term_columns(tracks, terms)]
    sound = [track.sound for track in tracks if track.sound is not None]
    if len(sound) < len(tracks):
        return Features((*SCALARS, *TERMS), rounded(np.concatenate(blocks, axis=1)), RECIPE)
    blocks.append(weighed(standardized(np.stack(sound)), SOUND_WEIGHT))
    values = rounded(np.concatenate(blocks, axis=1))
    return Features((*SCALARS, *TERMS, *SOUND), values, RECIPE_WITH_SOUND)


def _scalars(track: Track) -> tuple[float, ...]:
    """Return the scalars but for the key, in the order of their names, NaN where unknown."""
    return (
        track.tempo or np.nan,
        track.loudness,
        track.mode,
        np.log(track.duration),
        track.year or np.nan,
        METERS.get(track.time_signature, np.nan),
    )


def _keys(tracks: Sequence[Track]) -> Numbers:
    """Return the keys on the circle of fifths; a minor key lies where its major relative does."""
    tonics = [track.key if track.mode else track.key + MINOR_TO_MAJOR for track in tracks]
    sureness = [track.key_confidence for track in tracks]
    return on_circle_of_fifths(np.array(tonics), np.array(sureness))


def _term_columns(tracks: Sequence[Track], terms: Mapping[str, Sequence[str]]) -> Numbers:
    """Return each track's artist among the terms, [N, TERM_COLUMNS], rows of length 1 or 0."""
    artists = sorted({track.artist_id for track in tracks})
    position = {artist: at for at, artist in enumerate(artists)}
    embedded = _embedded(_tf_idf([terms.get(artist, ()) for artist in artists]))
    return embedded[[position[track.artist_id] for track in tracks]]


def _tf_idf(lists: Sequence[Sequence[str]]) -> sparse.csr_array:
    """Return artists by terms, rows of length 1: a term counts by its place and its rarity."""
    vocabulary = {term: at for at, term in enumerate(sorted({t for each in lists for t in each}))}
    entries = [
        (row, vocabulary[term], 1 / np.sqrt(1 + place))
        for row, each in enumerate(lists)
        for place, term in enumerate(dict.fromkeys(each))
    ]
    rows, columns, weights = np.array(entries).reshape(-1, 3).T
    shape = (len(lists), len(vocabulary))
    matrix = sparse.csr_array((weights, (rows.astype(int), columns.astype(int))), shape)
    artists_of = np.bincount(columns.astype(int), minlength=len(vocabulary))
    rarity = np.log(len(lists) / np.maximum(1, artists_of)) + 1
    rarity[artists_of < ARTISTS_OF_A_TERM] = 0
    return _rows_of_length_one(matrix * rarity)


def _rows_of_length_one(matrix: sparse.csr_array) -> sparse.csr_array:
    lengths = np.sqrt((matrix * matrix).sum(axis=1))
    return sparse.csr_array(matrix / np.where(lengths > 0, lengths, 1)[:, None])


def _embedded(matrix: sparse.csr_array) -> Numbers:
    """Return the rows in the plane in which they differ most, by a truncated SVD."""
    left, sizes = _largest_singular(matrix)
    # Singular vectors are known but for their sign: the largest entry decides it.
    largest = np.abs(left).argmax(axis=0)
    left = left * np.where(left[largest, np.arange(left.shape[1])] < 0, -1, 1)
    placed = left * sizes
    lengths = np.linalg.norm(placed, axis=1, keepdims=True)
    unit = np.divide(placed, lengths, out=np.zeros_like(placed), where=lengths > 0)
    missing = TERM_COLUMNS - unit.shape[1]
    return np.pad(unit, ((0, 0), (0, missing))).astype(np.float32)


def _largest_singular(
    matrix: sparse.csr_array,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the first left singular vectors and values, as many as there are features or less."""
    smaller = min(matrix.shape)
    if smaller <= 2 * TERM_COLUMNS:
        left, sizes, _ = np.linalg.svd(matrix.toarray(), full_matrices=False)
        return left[:, :TERM_COLUMNS], sizes[:TERM_COLUMNS]
    start = np.ones(smaller)
    left, sizes, _ = svds(matrix, k=TERM_COLUMNS, v0=start)
    largest_first = np.argsort(-sizes, kind="stable")
    return left[:, largest_first], sizes[largest_first]
