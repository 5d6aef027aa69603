"""The synthetic source: a dataset of any size, with the structure of real music and listening."""

import numpy as np

from segue_model.data import synthetic_music as music
from segue_model.data.columns import (
    Albums,
    Artists,
    Genres,
    Ids,
    Listens,
    Songs,
    Text,
    popularity,
    texts,
)
from segue_model.data.dataset import Dataset
from segue_model.data.synthetic_features import synthetic_features
from segue_model.data.synthetic_genres import GENRES
from segue_model.data.synthetic_listens import invent_listens
from segue_model.data.synthetic_names import album_titles, artist_names, song_titles


def synthetic_dataset(songs: int, listeners: int, seed: int) -> Dataset:
    """Return a dataset of songs 1 to `songs` and listeners 1 to `listeners`.

    The same arguments make the same dataset. Raises: ValueError when there is no song or a number
    is negative.
    """
    if songs < 1 or listeners < 0 or seed < 0:
        raise ValueError("synthetic data needs at least 1 song and no negative number")
    rngs = _streams(seed)
    artists, sung = _music(rngs, songs)
    features = synthetic_features(rngs[2], artists, sung)
    listens = invent_listens(rngs[3], artists, sung, listeners)
    columns = _songs(rngs[4], artists, sung, listens)
    return Dataset(
        name=f"synthetic-{songs}",
        artists=_artists(rngs[4], artists),
        albums=_albums(rngs[4], artists, sung, columns.titles),
        genres=Genres(_ids(len(GENRES)), texts(genre.name for genre in GENRES)),
        songs=columns,
        features=features,
        listens=listens,
        source={"kind": "synthetic", "songs": songs, "listeners": listeners, "seed": seed},
    )


def synthetic_music(songs: int, seed: int) -> tuple[music.Artists, music.Songs]:
    """Return what the songs of `synthetic_dataset` sound like before they become features."""
    return _music(_streams(seed), songs)


def _streams(seed: int) -> list[np.random.Generator]:
    """Return a stream a part, so that more listeners, for one, do not change the songs."""
    return [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(5)]


def _music(rngs: list[np.random.Generator], songs: int) -> tuple[music.Artists, music.Songs]:
    artists = music.invent_artists(rngs[0], songs)
    return artists, music.invent_songs(rngs[1], artists)


def _songs(
    rng: np.random.Generator, artists: music.Artists, sung: music.Songs, listens: Listens
) -> Songs:
    ids = _ids(len(sung.artist))
    artist_ids = (sung.artist + 1).astype(np.int32)
    styles = _styles("title_style", artists.first[sung.artist])
    nothing = texts([""] * len(ids))
    return Songs(
        ids=ids,
        titles=song_titles(rng, styles, artist_ids),
        artists=artist_ids,
        albums=(sung.album + 1).astype(np.int32),
        years=sung.year.astype(np.int32),
        genres=music.genres_of(rng, artists, sung),
        durations=sung.duration.astype(np.float32),
        tempos=sung.tempo.astype(np.float32),
        popularity=popularity(ids, listens),
        msd_track_ids=nothing,
        msd_song_ids=nothing,
    )


def _artists(rng: np.random.Generator, artists: music.Artists) -> Artists:
    names = artist_names(rng, _styles("artist_style", artists.first))
    return Artists(_ids(len(names)), names, texts([""] * len(names)))


def _albums(
    rng: np.random.Generator, artists: music.Artists, sung: music.Songs, titles: Text
) -> Albums:
    """Return the albums; the most popular song of one may be its title track."""
    number = int(sung.album.max()) + 1
    best_last = np.argsort(sung.weight, kind="stable")
    best = np.empty(number, np.int64)
    best[sung.album[best_last]] = best_last
    artist = sung.artist[best]
    styles = _styles("title_style", artists.first[artist])
    own = album_titles(rng, styles, titles[best])
    return Albums(_ids(number), own, (artist + 1).astype(np.int32))


def _styles(field: str, genres: music.Indexes) -> Text:
    return texts(getattr(genre, field) for genre in GENRES)[genres]


def _ids(number: int) -> Ids:
    return np.arange(1, number + 1, dtype=np.int32)
