"""The dataset: one self-checked value, and the folder that it is kept in."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from segue_model.data import checks
from segue_model.data.columns import (
    Albums,
    Artists,
    Features,
    Genres,
    Listens,
    Songs,
    popularity,
)
from segue_model.data.csv_reading import read_features, read_table
from segue_model.data.csv_writing import write_features, write_table
from segue_model.data.errors import DatasetError, RowError
from segue_model.data.features_parquet import write_features_parquet
from segue_model.data.layout import ALBUMS, ARTISTS, GENRES, LISTENS, MANIFEST, SONGS
from segue_model.data.locating import line_of
from segue_model.data.manifest import Manifest, fingerprint, read_manifest, write_manifest
from segue_model.data.recipes import RecipeFiles, check_recipe, read_recipe
from segue_model.data.replacing import replacing

__all__ = ["Dataset", "DatasetError", "read_dataset", "write_dataset"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Songs with their features, and who listened to them; every reference in it holds.

    Rows are in the order of ids (listens: listener, then song). `source` says what it was made
    from; `fingerprint` is the SHA-256 over the CSV files, empty while there are none. `recipe` are
    the files that tell how the features were made, by name, none where nothing tells.
    Raises: DatasetError naming the file and line at which the first fault would stand.
    """

    name: str
    artists: Artists
    albums: Albums
    genres: Genres
    songs: Songs
    features: Features
    listens: Listens
    source: Mapping[str, object] = field(default_factory=dict)
    fingerprint: str = ""
    recipe: RecipeFiles = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.check_artists(self.artists)
        checks.check_genres(self.genres)
        checks.check_albums(self.albums, self.artists)
        checks.check_songs(self.songs, self.artists, self.albums, self.genres)
        checks.check_features(self.features, self.songs)
        check_recipe(self.recipe, self.features)
        checks.check_listens(self.listens, self.songs)

    def counts(self) -> dict[str, int]:
        """Return how many there are of each thing."""
        return {
            "artists": len(self.artists.ids),
            "albums": len(self.albums.ids),
            "genres": len(self.genres.ids),
            "songs": len(self.songs.ids),
            "listeners": len(np.unique(self.listens.listeners)),
            "listens": len(self.listens.songs),
        }


def read_dataset(path: Path) -> Dataset:
    """Return the dataset in the folder `path`.

    Popularity left empty is computed from the listens. A fingerprint in the manifest that the
    files have not is no error, as people edit their files, but it is logged; the dataset carries
    the one that the files have.
    Raises: DatasetError naming the file, and the line where one is at fault.
    """
    if not path.is_dir():
        raise DatasetError(str(path), None, "no such folder")
    try:
        return _read(path)
    except RowError as error:
        # Blank lines move the rows down; only the file tells.
        line = line_of(path / error.file, error.row)
        raise DatasetError(error.file, line, error.reason) from error


def write_dataset(path: Path, dataset: Dataset) -> None:
    """Make `path` the folder of `dataset`, whole or not at all, replacing an older dataset.

    The same dataset makes the same bytes. Raises: DatasetError when something else is at `path`.
    """
    with replacing(path) as folder:
        write_table(folder, ARTISTS, dataset.artists)
        write_table(folder, ALBUMS, dataset.albums)
        write_table(folder, GENRES, dataset.genres)
        write_table(folder, SONGS, dataset.songs)
        write_features(folder, dataset.songs.ids, dataset.features)
        write_features_parquet(folder, dataset.songs.ids, dataset.features)
        write_table(folder, LISTENS, dataset.listens)
        for name, content in dataset.recipe.items():
            (folder / name).write_bytes(content)
        recipe = dataset.features.recipe
        manifest = Manifest(dataset.name, dataset.source, recipe, fingerprint(folder))
        write_manifest(folder, manifest, dataset.counts(), dataset.features.columns)


def _read(path: Path) -> Dataset:
    manifest = read_manifest(path)
    songs: Songs = read_table(path, SONGS)
    # Features are told apart by these ids, so that a fault in them is not blamed on the features.
    checks.check_ids(SONGS.file, songs.ids)
    listens: Listens = read_table(path, LISTENS)
    dataset = Dataset(
        name=manifest.name,
        artists=read_table(path, ARTISTS),
        albums=read_table(path, ALBUMS),
        genres=read_table(path, GENRES),
        songs=_with_popularity(songs, listens),
        features=read_features(path, songs.ids, manifest.recipe),
        listens=listens,
        source=manifest.source,
        fingerprint=fingerprint(path),
        recipe=read_recipe(path),
    )
    if dataset.recipe and manifest.columns not in ((), dataset.features.columns):
        raise DatasetError(MANIFEST, None, "features: columns: not those of the recipe")
    if manifest.fingerprint not in ("", dataset.fingerprint):
        log.warning("%s: the files were edited after the manifest was written", path)
    return dataset


def _with_popularity(songs: Songs, listens: Listens) -> Songs:
    counted = popularity(songs.ids, listens)
    return replace(
        songs, popularity=np.where(np.isnan(songs.popularity), counted, songs.popularity)
    )
