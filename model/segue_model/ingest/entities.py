"""Tells artists, albums and genres apart, and numbers them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue_model.data.columns import Ids
from segue_model.data.layout import MSD_ID_LENGTH
from segue_model.ingest.genres import genres_of
from segue_model.ingest.job import Job
from segue_model.ingest.registry import Registry
from segue_model.ingest.shards import tracks_path
from segue_model.ingest.source import Annotations
from segue_model.ingest.tracks import Arrow

NO_ALBUM: Final = 0
# Stands between the parts of a key; no text of a track holds it.
BETWEEN: Final = pa.scalar("\0", pa.large_string())

Terms = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Entities:
    """Tables of what there is besides songs, by id, and which of it each song has."""

    artists: Arrow
    albums: Arrow
    genres: Arrow
    artist_of: Ids
    album_of: Ids
    genres_of: Sequence[Sequence[int]]


def entities_of(
    job: Job, shards: Sequence[str], keys: Arrow, annotations: Annotations, registry: Registry
) -> Entities:
    """Return the artists, albums and genres of the songs whose keys these are.

    An artist is an artist key under one of the names it is credited by; an album is an album key
    with its title, and belongs to the artist with the most songs on it.
    """
    artist_of = _numbered(registry, "artist", _joined(keys["artist_key"], keys["artist"]))
    artists = _artists(keys, artist_of)
    terms = _terms(job, shards, keys, artist_of, annotations)
    album_of = _albums_of(registry, keys)
    named = [
        genres_of((*given, *annotations.labels.get(track, ())), terms.get(artist, ()))
        for given, track, artist in zip(
            keys["genres"].to_pylist(),
            keys["msd_track_id"].to_pylist(),
            artist_of.tolist(),
            strict=True,
        )
    ]
    genres, ids = _genres(registry, named)
    terms = {**_commonest_genres(artist_of, named), **terms}
    return Entities(
        artists=artists.append_column(
            "terms",
            pa.array(
                [terms.get(each, ()) for each in artists["id"].to_pylist()], pa.list_(pa.string())
            ),
        ),
        albums=_albums(keys, artist_of, album_of),
        genres=genres,
        artist_of=artist_of,
        album_of=album_of,
        genres_of=[list(dict.fromkeys(ids[name.casefold()] for name in each)) for each in named],
    )


def _joined(keys: Arrow, names: Arrow) -> Arrow:
    return pc.binary_join_element_wise(keys, names, BETWEEN).combine_chunks()


def _numbered(registry: Registry, kind: str, keys: Arrow) -> Ids:
    """Return the ids of keys; new ones are numbered in the order of the keys."""
    registry.number(kind, pc.unique(keys).sort())
    return registry.number(kind, keys)


def _first_rows(ids: Ids) -> tuple[Ids, Arrow]:
    """Return the ids that there are, in order, and the first row of each."""
    there, rows = np.unique(ids, return_index=True)
    return there, pa.array(rows)


def _artists(keys: Arrow, artist_of: Ids) -> Arrow:
    there, rows = _first_rows(artist_of)
    first = keys.select(["artist", "artist_key", "msd_song_id"]).take(rows)
    fits = pc.less_equal(pc.utf8_length(first["artist_key"]), MSD_ID_LENGTH)
    of_msd = pc.and_(pc.not_equal(first["msd_song_id"], ""), fits)
    msd_ids = pc.if_else(of_msd, first["artist_key"], "")
    return pa.table({"id": there, "name": first["artist"], "msd_artist_id": msd_ids})


def _albums_of(registry: Registry, keys: Arrow) -> Ids:
    on_one = pc.not_equal(keys["album"], "")
    on = keys.filter(on_one)
    album_of = np.full(len(keys), NO_ALBUM, np.int32)
    numbers = _numbered(registry, "album", _joined(on["album_key"], on["album"]))
    album_of[on_one.to_numpy(zero_copy_only=False)] = numbers
    return album_of


def _albums(keys: Arrow, artist_of: Ids, album_of: Ids) -> Arrow:
    on_one = album_of != NO_ALBUM
    there, rows = _first_rows(album_of[on_one])
    titles = keys["album"].filter(pa.array(on_one)).take(rows)
    pairs, songs = np.unique(
        np.stack([album_of[on_one], artist_of[on_one]], axis=1), axis=0, return_counts=True
    )
    # By album, then the most songs, then the lowest id of an artist: the first one counts.
    order = np.lexsort((pairs[:, 1], -songs, pairs[:, 0]))
    _, first = np.unique(pairs[order, 0], return_index=True)
    return pa.table({"id": there, "title": titles, "artist_id": pairs[order][first, 1]})


def _genres(registry: Registry, named: Iterable[Sequence[str]]) -> tuple[Arrow, dict[str, int]]:
    """Return the genres by id, and the ids by case-folded name; the commonest spelling counts."""
    spellings: dict[str, Counter[str]] = {}
    for names in named:
        for name in names:
            spellings.setdefault(name.casefold(), Counter())[name] += 1
    keys = pa.array(sorted(spellings), pa.string())
    ids = registry.number("genre", keys)
    spelled = [min(spellings[key].items(), key=_commonest)[0] for key in keys.to_pylist()]
    table = pa.table({"id": ids, "name": pa.array(spelled, pa.string())}).sort_by("id")
    return table, dict(zip(keys.to_pylist(), ids.tolist(), strict=True))


def _commonest_genres(artist_of: Ids, named: Iterable[Sequence[str]]) -> Terms:
    """Return, for terms of artists who have none, the genres of their songs, by artist id."""
    songs: dict[int, Counter[str]] = {}
    for artist, names in zip(artist_of.tolist(), named, strict=True):
        songs.setdefault(artist, Counter()).update(names)
    return {
        artist: tuple(name for name, _ in sorted(genres.items(), key=_commonest))
        for artist, genres in songs.items()
    }


def _commonest(entry: tuple[str, int]) -> tuple[int, str]:
    spelling, number = entry
    return -number, spelling


def _terms(
    job: Job, shards: Sequence[str], keys: Arrow, artist_of: Ids, annotations: Annotations
) -> Terms:
    """Return the terms by artist id: those of its first song that has some, else the annotated."""
    terms: dict[int, tuple[str, ...]] = {}
    there, rows = _first_rows(artist_of)
    for artist, key in zip(there.tolist(), keys["artist_key"].take(rows).to_pylist(), strict=True):
        if annotated := annotations.terms.get(key):
            terms[artist] = annotated
    told: dict[int, int] = {}
    at_of, shard_of = keys["at"].to_numpy(), keys["shard"].to_numpy()
    order = np.argsort(shard_of, kind="stable")
    bounds = np.searchsorted(shard_of[order], np.arange(len(shards) + 1))
    for position, shard in enumerate(shards):
        songs = order[bounds[position] : bounds[position + 1]]
        column = job.work.read_table(tracks_path(shard), ["terms"])["terms"].combine_chunks()
        some = pc.list_value_length(column).to_numpy(zero_copy_only=False)[at_of[songs]] > 0
        for song in songs[some].tolist():
            artist = int(artist_of[song])
            if song < told.get(artist, len(keys)):
                told[artist] = song
                terms[artist] = tuple(column[int(at_of[song])].as_py())
    return terms
