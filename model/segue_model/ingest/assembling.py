"""The step that assembles: everything made part by part becomes one dataset folder."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segue_model.data import checks
from segue_model.data.columns import Listens
from segue_model.data.csv_writing import features_header, write_table
from segue_model.data.errors import DatasetError
from segue_model.data.layout import ALBUMS, ARTISTS, FEATURES, GENRES, LISTENS, SONGS
from segue_model.data.manifest import Manifest, fingerprint, write_manifest
from segue_model.data.rejected import REJECTED
from segue_model.ingest import plan as planned
from segue_model.ingest import tables
from segue_model.ingest.arranging import part_path
from segue_model.ingest.featuring import RECIPE, features_path
from segue_model.ingest.job import Job
from segue_model.ingest.plan import Plan
from segue_model.ingest.publishing import copy_files
from segue_model.ingest.recipe import Recipe
from segue_model.ingest.set_aside import rejected_csv
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import TRACKS, Arrow, to_table
from segue_model.ingest.triplets import Triplets, read_triplets
from segue_model.report import write_report

# What the source tells of each song; its sound has become features and would fill most of it.
TOLD: Final = ("id", *(name for name in TRACKS.names if name not in ("sound", "stands_in")))
REJECTED_FILE: Final = "rejected/rejected.csv"


def assemble(job: Job, plan: Plan) -> None:
    """Leave the dataset folder, whole, and what there is to say of it, beside the plan.

    Raises: DatasetError when no row of the listens is one, or a rule of a dataset is broken.
    """
    folder = plan.folder(job.work)
    if folder.exists(planned.RESULT):
        return
    with _local(folder.child(planned.ASSEMBLED)) as path:
        triplets = _triplets(job, folder)
        rejected = _write_rejected(folder, triplets, path)
        counts = _write_tables(folder, plan, triplets.listens, path)
        recipe = _write_features(folder, plan, path)
        tracks = (folder.read_table(part_path(part), TOLD) for part in range(plan.parts))
        _write_parquet(path / "tracks.parquet", tracks)
        (path / planned.REGISTRY).write_bytes(folder.read(planned.REGISTRY))
        source = {**job.source.described(), "rejected": rejected.total()}
        manifest = Manifest(job.name, source, recipe.name, fingerprint(path))
        write_manifest(path, manifest, counts, recipe.columns)
        write_report(path, path / "report.html")
    result = {"counts": counts, "rejected": rejected, "strangers": triplets.strangers}
    folder.write(planned.RESULT, json.dumps(result).encode())


@contextmanager
def _local(folder: Folder) -> Iterator[Path]:
    """Yield an empty folder of this machine; what is put there is in `folder` afterwards."""
    if folder.is_local:
        shutil.rmtree(folder.local(), ignore_errors=True)
        folder.local().mkdir(parents=True)
        yield folder.local()
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(scratch)
        copy_files(Folder(scratch), folder)


def _triplets(job: Job, folder: Folder) -> Triplets:
    """Return the listens of the songs whose key means the track that is here."""
    triplets = job.source.listens()
    if triplets is None:
        return Triplets(Listens(*np.empty((3, 0), np.int32)), 0, 0, 0, [])
    songs = folder.read_table(planned.SONGS, ["song_key", "id", "mismatched"])
    meant = songs.filter(pc.invert(songs["mismatched"]))
    ids = dict(zip(meant["song_key"].to_pylist(), meant["id"].to_pylist(), strict=True))
    url, path = triplets
    found = read_triplets(Folder(url), path, ids)
    if not job.limit.allows(found.bad, found.rows):
        reason = f"{found.bad:,} of {found.rows:,} rows are no triplets, more than {job.limit}"
        raise DatasetError(path, None, f"{reason}; the first: {found.rejected[0].detail}")
    return found


def _write_rejected(folder: Folder, triplets: Triplets, path: Path) -> Counter[str]:
    """Write the file of all that was set aside; return how much for which reason."""
    table = pa.concat_tables(
        [folder.read_table(planned.REJECTED), to_table(triplets.rejected, REJECTED)]
    )
    file = path / REJECTED_FILE
    file.parent.mkdir()
    file.write_bytes(rejected_csv(table))
    return Counter(table["reason"].to_pylist())


def _write_tables(folder: Folder, plan: Plan, listens: Listens, path: Path) -> dict[str, int]:
    """Write all but the features, checked as every dataset is; return how many there are."""
    artists, albums = tables.artists_of(folder), tables.albums_of(folder)
    genres = tables.genres_of(folder)
    songs = tables.songs_of(folder, plan, listens)
    checks.check_artists(artists)
    checks.check_genres(genres)
    checks.check_albums(albums, artists)
    checks.check_songs(songs, artists, albums, genres)
    checks.check_listens(listens, songs)
    parts = (artists, albums, genres, songs, listens)
    for table, part in zip((ARTISTS, ALBUMS, GENRES, SONGS, LISTENS), parts, strict=True):
        write_table(path, table, part)
    return {
        "artists": len(artists.ids),
        "albums": len(albums.ids),
        "genres": len(genres.ids),
        "songs": len(songs.ids),
        "listeners": len(np.unique(listens.listeners)),
        "listens": len(listens.songs),
    }


def _write_features(folder: Folder, plan: Plan, path: Path) -> Recipe:
    """Write the features of all songs, a part at a time, and the recipe beside them."""
    recipe = Recipe.load(folder, RECIPE)
    recipe.save(Folder(str(path)), "")
    with (path / FEATURES).open("wb") as stream:
        stream.write(features_header(recipe.columns))
        for part in range(plan.parts):
            with folder.open(features_path(part, "csv")) as opened:
                shutil.copyfileobj(opened, stream)
    parts = (folder.read_table(features_path(part, "parquet")) for part in range(plan.parts))
    _write_parquet(path / "features.parquet", parts, use_dictionary=False)
    return recipe


def _write_parquet(path: Path, tables: Iterator[Arrow], *, use_dictionary: bool = True) -> None:
    """Write tables of the same columns, of which there is one at least, as one file."""
    first = next(tables)
    layout = {"compression": "zstd", "use_dictionary": use_dictionary}
    with pq.ParquetWriter(path, first.schema, **layout) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
