"""Writes small dataset folders, whose songs a test knows wholly."""

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SONG_COLUMNS = (
    *("id", "title", "artist_id", "album_id", "year", "genre_ids"),
    *("duration", "tempo", "popularity", "msd_track_id", "msd_song_id"),
)

Field = str | int | float | None


@dataclass(frozen=True)
class SongRow:
    id: int
    title: str
    artist_id: int
    album_id: int | None = None
    year: int | None = None
    genre_ids: tuple[int, ...] = ()
    duration: float | None = None
    tempo: float | None = None
    popularity: float = 0.0
    msd_track_id: str = ""
    msd_song_id: str = ""

    def fields(self) -> list[Field]:
        values = [getattr(self, column) for column in SONG_COLUMNS]
        values[5] = "|".join(str(each) for each in self.genre_ids)
        return values


@dataclass(frozen=True)
class Songs:
    """What a dataset holds for the catalog: names by id, albums as (title, artist id)."""

    songs: Sequence[SongRow]
    artists: dict[int, str]
    albums: dict[int, tuple[str, int]] = field(default_factory=dict)
    genres: dict[int, str] = field(default_factory=dict)


def write_dataset(folder: Path, content: Songs, name: str = "small") -> Path:
    """Make `folder` a dataset of `content`; the same content has the same fingerprint."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "genres.csv", ("id", "name"), sorted(content.genres.items()))
    artists = [(key, each, f"AR{key}") for key, each in sorted(content.artists.items())]
    _write(folder / "artists.csv", ("id", "name", "msd_artist_id"), artists)
    albums = [(key, *each) for key, each in sorted(content.albums.items())]
    _write(folder / "albums.csv", ("id", "title", "artist_id"), albums)
    songs = sorted(content.songs, key=lambda song: song.id)
    _write(folder / "songs.csv", SONG_COLUMNS, [song.fields() for song in songs])
    _write_manifest(folder, content, name)
    return folder


def _write(file: Path, header: Sequence[str], rows: Iterable[Sequence[Field]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_manifest(folder: Path, content: Songs, name: str) -> None:
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.csv")):
        digest.update(file.read_bytes())
    kinds = ("artists", "albums", "genres", "songs")
    manifest = {
        "format": 1,
        "name": name,
        "counts": {kind: len(getattr(content, kind)) for kind in kinds} | {"listens": 0},
        "fingerprint": digest.hexdigest(),
    }
    (folder / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")
