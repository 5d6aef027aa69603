"""Songs as parts of the data pipeline have them, for the tests of the recipe."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from segue_model.ingest.recipe import Recipe, fit, measure
from segue_model.ingest.tracks import SOUND, TRACKS, Track, to_table

USUAL: dict[str, Any] = {
    "tempo": 120.0,
    "loudness": -10.0,
    "mode": 1,
    "duration": 200.0,
    "year": 2000,
    "time_signature": 4,
    "key": 0,
    "key_confidence": 1.0,
}


def song(artist: int = 1, genres: Sequence[int] = (), **fields: object) -> dict[str, Any]:
    """Return a song; what is not in `fields` is as in `USUAL`."""
    return {**USUAL, "artist_id": artist, "genre_ids": list(genres), **fields}


def part_of(songs: Sequence[dict[str, Any]]) -> pa.Table:
    """Return songs as a part: a table of `TRACKS` with ids."""
    tracks = [
        Track(
            path="",
            row=at,
            song_key=f"SO{at}",
            title="",
            artist_key="",
            artist="A",
            album_key="",
            album="",
            **{k: v for k, v in each.items() if k not in ("artist_id", "genre_ids")},
        )
        for at, each in enumerate(songs)
    ]
    table = to_table(tracks, TRACKS)
    columns = {
        "id": pa.array(range(1, len(songs) + 1), pa.int32()),
        "artist_id": pa.array([each["artist_id"] for each in songs], pa.int32()),
        "album_id": pa.array([0] * len(songs), pa.int32()),
        "genre_ids": pa.array([each["genre_ids"] for each in songs], pa.list_(pa.int32())),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def terms_of(lists: Iterable[Sequence[str]]) -> pa.Table:
    """Return the terms of artists 1, 2, …"""
    terms = pa.array([list(each) for each in lists], pa.list_(pa.string()))
    return pa.table({"id": pa.array(range(1, len(terms) + 1), pa.int32()), "terms": terms})


def fitted(songs: Sequence[dict[str, Any]], lists: Iterable[Sequence[str]]) -> Recipe:
    """Return the recipe of songs in one part, by artists with these terms."""
    return fit([measure(part_of(songs))], terms_of(lists), len(songs))


def random_songs(
    number: int, artists: int, seed: int = 0, *, share: float = 0.8
) -> list[dict[str, Any]]:
    """Return songs of all kinds; `share` of each field, and of the sound, is known."""
    rng = np.random.default_rng(seed)

    def maybe(value: Any) -> Any:  # noqa: ANN401 - any field
        return value if rng.random() < share else None

    return [
        song(
            int(rng.integers(1, artists + 1)),
            rng.integers(1, 6, rng.integers(0, 3)).tolist(),
            tempo=maybe(float(rng.uniform(60, 200))),
            loudness=maybe(float(rng.normal(-10, 4))),
            mode=maybe(int(rng.integers(0, 2))),
            duration=maybe(float(rng.uniform(30, 600))),
            year=maybe(int(rng.integers(1950, 2011))),
            time_signature=maybe(int(rng.integers(1, 8))),
            key=maybe(int(rng.integers(0, 12))),
            key_confidence=maybe(float(rng.random())),
            sound=maybe(rng.standard_t(2, SOUND).astype(np.float32)),
        )
        for _ in range(number)
    ]


def random_terms(artists: int, seed: int = 0, vocabulary: int = 60) -> list[list[str]]:
    """Return artists' terms; the first artist has none."""
    rng = np.random.default_rng(seed)
    lists = [
        [f"term {at}" for at in rng.permutation(vocabulary)[: rng.integers(1, 12)]]
        for _ in range(artists)
    ]
    return [[], *lists[1:]]
