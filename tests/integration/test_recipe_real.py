"""The recipe on real songs: hidden values are guessed better than any plain mean does."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recipe_songs import terms_of
from segue_model.ingest.genres import genres_of
from segue_model.ingest.recipe import featurize, fit, measure
from segue_model.ingest.recipe.columns import SCALARS
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.tracks import TRACKS, Track, to_table


@pytest.fixture(scope="module")
def songs(real_data: Path) -> tuple[Any, Any]:
    """The songs of the table as a part, and their artists' terms."""
    source = MsdSource(str(real_data / "catalogue"))
    (unit,) = source.units()
    tracks = [track for track in source.read(unit) if isinstance(track, Track)]
    told = source.annotations().terms
    keys = sorted({track.artist_key for track in tracks})
    genres = [genres_of((), told.get(track.artist_key, ())) for track in tracks]
    ids = {name: at for at, name in enumerate(sorted(set().union(*genres)), start=1)}
    part = to_table(tracks, TRACKS)
    artists = [keys.index(track.artist_key) + 1 for track in tracks]
    of = [[ids[name] for name in each] for each in genres]
    part = part.append_column("artist_id", pa.array(artists, pa.int32()))
    part = part.append_column("genre_ids", pa.array(of, pa.list_(pa.int32())))
    return part, terms_of(told.get(key, ()) for key in keys)


@pytest.mark.parametrize("name", ["year", "loudness", "duration", "tempo"])
def test_hidden_values_are_guessed_better_than_by_the_mean_of_all_or_of_the_artist(
    songs: tuple[Any, Any], name: str
) -> None:
    part, terms = songs
    rng = np.random.default_rng(11)
    at, column = SCALARS.index(name), part[name]
    hidden = column.is_valid().to_numpy() & (rng.random(len(part)) < 0.2)
    told = pa.array(column.to_pylist(), column.type, mask=hidden)
    less = part.set_column(part.column_names.index(name), name, told)
    recipe = fit([measure(less)], terms, len(part))
    scale = 0.25 / np.sqrt(8)
    truth, rule = (featurize(each, recipe)[hidden, at] / scale for each in (part, less))
    artists = recipe.artists.means[part["artist_id"].to_numpy()[hidden] - 1, at]
    artist = np.nan_to_num((artists - recipe.scalars.centers[at]) / recipe.scalars.deviations[at])

    def error(guess: np.ndarray | float) -> float:
        return float(np.sqrt(np.mean((guess - truth) ** 2)))

    assert error(rule) < error(0)
    assert error(rule) < 0.99 * error(artist)


def test_real_songs_have_finite_features_that_differ(songs: tuple[Any, Any]) -> None:
    part, terms = songs
    values = featurize(part, fit([measure(part)], terms, len(part)))
    assert values.shape == (len(part), 32)
    assert np.isfinite(values).all()
    assert len(np.unique(values, axis=0)) > 0.99 * len(part)
    assert (values.std(axis=0) > 0).all()
