"""How well the recipe guesses unknown values, and what its weights do, on songs of the MSD.

    python bench/features.py FOLDER

FOLDER is one that `segue-model ingest --source msd` reads, with `subset_artist_similarity.csv` in
it. Prints the tables of `docs/features.md`.
"""

import csv
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from segue_model.ingest.genres import genres_of
from segue_model.ingest.recipe import featurize, fit, measure
from segue_model.ingest.recipe.columns import PLAIN, SCALARS, WEIGHTS
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.tracks import TRACKS, Track, to_table

ROUNDS, HIDDEN, NEAREST, ASKED = 10, 0.2, 10, 1000
FIELDS = dict(zip(PLAIN, (*PLAIN[:-1], "time_signature"), strict=True))
Values = npt.NDArray[np.float64]


class Songs(NamedTuple):
    """The songs as a part of the pipeline, and what they are judged by."""

    part: Any
    terms: Any
    artists: npt.NDArray[np.object_]
    labels: npt.NDArray[np.object_]
    similar: dict[str, set[str]]


def read(folder: Path) -> Songs:
    """Return the songs of FOLDER, each once."""
    source = MsdSource(str(folder))
    tracks, said = _tracks(source), source.annotations()
    names = sorted({(track.artist_key, track.artist) for track in tracks})
    artists = {name: at for at, name in enumerate(names, start=1)}
    genres = [
        genres_of(said.labels.get(track.msd_track_id, ()), said.terms.get(track.artist_key, ()))
        for track in tracks
    ]
    ids = {name: at for at, name in enumerate(sorted(set().union(*genres)), start=1)}
    of = [artists[track.artist_key, track.artist] for track in tracks]
    lists = [[ids[name] for name in each] for each in genres]
    part = to_table([replace(track, sound=None) for track in tracks], TRACKS)
    part = part.append_column("artist_id", pa.array(of, pa.int32()))
    part = part.append_column("genre_ids", pa.array(lists, pa.list_(pa.int32())))
    terms = pa.array([list(said.terms.get(key, ())) for key, _ in names], pa.list_(pa.string()))
    return Songs(
        part,
        pa.table({"id": pa.array(range(1, len(names) + 1), pa.int32()), "terms": terms}),
        np.array([track.artist_key for track in tracks], object),
        np.array([said.labels.get(track.msd_track_id, ("",))[0] for track in tracks], object),
        _similar(folder),
    )


def _tracks(source: MsdSource) -> list[Track]:
    found: dict[str, Track] = {}
    for unit in source.units():
        for track in source.read(unit):
            if isinstance(track, Track) and not (track.stands_in and track.song_key in found):
                found[track.song_key] = track
    return sorted(found.values(), key=lambda track: track.msd_track_id)


def _similar(folder: Path) -> dict[str, set[str]]:
    similar = defaultdict(set)
    with next(folder.rglob("subset_artist_similarity.csv")).open(encoding="utf-8") as file:
        for one, other in csv.reader(file):
            similar[one].add(other)
    return similar


def guess_hidden(songs: Songs, rng: np.random.Generator) -> None:
    """Print the errors of guesses of values that were known, by who is asked."""
    print("| column | all songs | first genre, else all | artist, else these | the rule |")
    for at, name in enumerate(PLAIN):
        rounds = [_errors(songs, name, at, rng) for _ in range(ROUNDS)]
        print(f"| `{name}` |", " | ".join(f"{each:.3f}" for each in np.median(rounds, axis=0)), "|")


def _errors(songs: Songs, name: str, at: int, rng: np.random.Generator) -> list[float]:
    """Return root mean squares of the errors, in deviations of the known values."""
    column = songs.part[FIELDS[name]]
    known = np.flatnonzero(column.is_valid().to_numpy())
    hidden = np.zeros(len(column), bool)
    hidden[rng.choice(known, int(HIDDEN * len(known)), replace=False)] = True
    index = songs.part.column_names.index(FIELDS[name])
    told = pa.array(column.to_pylist(), column.type, mask=hidden)
    part = songs.part.set_column(index, FIELDS[name], told)
    whole = measure(part)
    recipe = fit([whole], songs.terms, len(part))
    scale = WEIGHTS["scalars"] / np.sqrt(len(SCALARS))
    truth = featurize(songs.part, recipe)[:, at] / scale
    center, deviation = recipe.scalars.centers[at], recipe.scalars.deviations[at]
    genres = dict(zip(whole.by_genre.ids.tolist(), whole.by_genre.means()[:, at], strict=True))
    first = [
        genres.get(each[0], np.nan) if each else np.nan for each in part["genre_ids"].to_pylist()
    ]
    genre = np.nan_to_num((np.array(first) - center) / deviation)
    own = (recipe.artists.means[part["artist_id"].to_numpy() - 1, at] - center) / deviation
    guesses = (0 * truth, genre, np.where(np.isnan(own), genre, own))
    counts = hidden & (column.is_valid().to_numpy() & np.isfinite(truth))
    if name == "triple_meter":
        counts &= np.isin(column.to_numpy(), (3, 4))
    followed = featurize(part, recipe)[:, at] / scale
    return [float(np.sqrt(np.mean((each - truth)[counts] ** 2))) for each in (*guesses, followed)]


def weigh(songs: Songs) -> None:
    """Print what the weight of the scalars does to who is near whom."""
    features = featurize(songs.part, fit([measure(songs.part)], songs.terms, len(songs.part)))
    print("| weight of the scalars | same label | by an artist listed as similar | artists |")
    labelled = np.flatnonzero(songs.labels != "")
    for weight in (0, 0.15, WEIGHTS["scalars"], 0.35, 0.5, 1):
        scaled = features * np.where(np.arange(32) < len(SCALARS), weight / WEIGHTS["scalars"], 1)
        near = nearest(scaled, songs.artists, labelled, labelled)
        same = np.mean(songs.labels[near] == songs.labels[labelled][:, None])
        near = nearest(scaled, songs.artists, labelled, np.arange(len(scaled)))
        artists = np.mean([len(set(songs.artists[row])) for row in near])
        similar = by_similar(songs, labelled, near)
        print(f"| {weight} | {same:.3f} | {similar:.3f} | {artists:.1f} |")


def hide_terms(songs: Songs, rng: np.random.Generator) -> None:
    """Print what becomes of artists whose terms are hidden, by the rule and where they are 0."""
    print(
        "| terms of a tenth of the artists | near labelled ones | in the ten of others | similar |"
    )
    hidden = rng.random(len(songs.terms)) < 0.1  # noqa: PLR2004 - a tenth
    lists = [
        [] if hide else told
        for hide, told in zip(hidden, songs.terms["terms"].to_pylist(), strict=True)
    ]
    terms = songs.terms.set_column(1, "terms", pa.array(lists, pa.list_(pa.string())))
    of_hidden = hidden[songs.part["artist_id"].to_numpy() - 1]
    # What is known of an artist without terms is at most the label of a song.
    genres = songs.part["genre_ids"].to_pylist()
    kept = [
        each[:1] if label or not hide else []
        for each, label, hide in zip(genres, songs.labels, of_hidden, strict=True)
    ]
    index = songs.part.column_names.index("genre_ids")
    part = songs.part.set_column(index, "genre_ids", pa.array(kept, pa.list_(pa.int32())))
    whole = featurize(songs.part, fit([measure(songs.part)], songs.terms, len(part)))
    followed = featurize(part, fit([measure(part)], terms, len(part)))
    zero = followed.copy()
    zero[of_hidden, len(SCALARS) :] = 0
    asked = np.flatnonzero(of_hidden & (songs.labels != ""))
    others = rng.choice(np.flatnonzero(~of_hidden), ASKED, replace=False)
    for name, features in (("known", whole), ("hidden: 0", zero), ("hidden: the rule", followed)):
        near = nearest(features, songs.artists, asked, np.arange(len(part)))
        met = nearest(features, songs.artists, others, np.arange(len(part)))
        figures = (
            by_similar(songs, asked, near),
            of_hidden[met].mean(),
            by_similar(songs, others, met),
        )
        print(f"| {name} |", " | ".join(f"{each:.3f}" for each in figures), "|")


def nearest(
    features: npt.NDArray[np.float32],
    artists: npt.NDArray[np.object_],
    asked: npt.NDArray[np.intp],
    among: npt.NDArray[np.intp],
) -> npt.NDArray[np.intp]:
    """Return the ten songs of other artists nearest to each song asked about, by cosine."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(lengths > 0, lengths, 1)
    cosines = unit[asked] @ unit[among].T
    cosines[artists[asked][:, None] == artists[among][None, :]] = -2
    return among[np.argsort(-cosines, axis=1, kind="stable")[:, :NEAREST]]


def by_similar(songs: Songs, asked: npt.NDArray[np.intp], near: npt.NDArray[np.intp]) -> float:
    """Return the share of near songs by an artist listed as similar."""
    listed = [
        songs.artists[other] in songs.similar[songs.artists[one]]
        for one, row in zip(asked, near, strict=True)
        for other in row
    ]
    return float(np.mean(listed))


if __name__ == "__main__":
    songs = read(Path(sys.argv[1]))
    print(f"{len(songs.part)} songs, {(songs.labels != '').sum()} with a label")
    guess_hidden(songs, np.random.default_rng(0))
    weigh(songs)
    hide_terms(songs, np.random.default_rng(1))
