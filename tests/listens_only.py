"""Datasets of listens alone: songs without names, features or genres, for evaluations."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from segue_model.data.columns import (
    Albums,
    Artists,
    Features,
    Genres,
    Listens,
    Ragged,
    Songs,
    popularity,
    texts,
)
from segue_model.data.dataset import Dataset


def listens_only(name: str, rows: Iterable[tuple[str, str, str]]) -> Dataset:
    """Return a dataset of rows of listener, song and plays; ids follow the order of the keys."""
    listeners, songs, plays = map(np.array, zip(*rows, strict=True))
    _, listener_ids = np.unique(listeners, return_inverse=True)
    song_keys, song_ids = np.unique(songs, return_inverse=True)
    order = np.lexsort((song_ids, listener_ids))
    columns = (listener_ids + 1, song_ids + 1, np.maximum(1, plays.astype(np.int64)))
    listens = Listens(*(column[order].astype(np.int32) for column in columns))
    return _dataset(name, len(song_keys), listens)


def lastfm(folder: Path) -> Dataset:
    """Return Last.fm-2k: its artists stand for songs."""
    lines = (folder / "lastfm2k/user_artists.dat").read_text("utf-8").splitlines()[1:]
    return listens_only("lastfm-2k", (_three(line) for line in lines))


def triplets(folder: Path, file: str) -> Dataset:
    """Return a file of triplets."""
    lines = (folder / "triplets" / file).read_text("utf-8").splitlines()
    return listens_only(file.removesuffix(".tsv"), (_three(line) for line in lines))


def _three(line: str) -> tuple[str, str, str]:
    listener, song, plays = line.split("\t")
    return listener, song, plays


def _dataset(name: str, songs: int, listens: Listens) -> Dataset:
    ids = np.arange(1, songs + 1, dtype=np.int32)
    unknown, nothing = np.full(songs, np.nan, np.float32), texts([""] * songs)
    return Dataset(
        name=name,
        artists=Artists(np.ones(1, np.int32), texts(["unknown"]), texts([""])),
        albums=Albums(np.zeros(0, np.int32), texts([]), np.zeros(0, np.int32)),
        genres=Genres(np.zeros(0, np.int32), texts([])),
        songs=Songs(
            ids=ids,
            titles=nothing,
            artists=np.ones(songs, np.int32),
            albums=np.zeros(songs, np.int32),
            years=np.zeros(songs, np.int32),
            genres=Ragged.of([[]] * songs),
            durations=unknown,
            tempos=unknown,
            popularity=popularity(ids, listens),
            msd_track_ids=nothing,
            msd_song_ids=nothing,
        ),
        features=Features(("nothing",), np.zeros((songs, 1), np.float32), "none"),
        listens=listens,
        source={"kind": "listens"},
    )
