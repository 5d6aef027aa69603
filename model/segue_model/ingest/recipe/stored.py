"""The recipe once it is fitted: one value, and the two files that it is kept in."""

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from segue_model.data.errors import DatasetError
from segue_model.data.layout import RECIPE_ARTISTS, RECIPE_FILE
from segue_model.ingest.recipe.columns import (
    CLIP,
    RECIPE,
    SCALARS,
    TERM_COLUMNS,
    TERMS,
    VERSION,
    WEIGHTS,
    Values,
)
from segue_model.ingest.recipe.parameters import Artists, Genres, Scale, listed, of_list
from segue_model.ingest.recipe.terms import TermModel
from segue_model.ingest.sound import SOUND_COLUMNS
from segue_model.ingest.storage import Folder

RULE: Final = (
    "An unknown scalar is what is expected of it: the mean of the n known values of the song's "
    "artist counts n / (n + doubt), what is expected in its first genre the rest; so does a "
    "genre's mean against that of all songs. Sound: the same without the artist. An artist "
    "without terms: the mean of the terms of the songs of the first genre, of no length 1; "
    "0 without one."
)
SOURCES: Final[Mapping[str, str]] = {
    "moments": "Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance, 1983",
    "unknown": "Searle, Casella and McCulloch, Variance Components, 1992, sections 3.4 and 3.6",
    "keys": "Krumhansl, Cognitive Foundations of Musical Pitch, 1990, chapter 2",
    "rarity": "Spärck Jones, A Statistical Interpretation of Term Specificity, 1972",
    "terms": "Deerwester et al., Indexing by Latent Semantic Analysis, 1990",
    "directions": "Halko, Martinsson and Tropp, Finding Structure with Randomness, 2011, 4.5",
    "sound": "Bertin-Mahieux et al., The Million Song Dataset, 2011, section 4.3",
}


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """All that makes features of songs; `doubt` is that of an artist's mean, [8].

    `known` tells of how many of the `songs` each scalar, the terms and the sound are known;
    `sound` is `None` where too few songs have it. Features are in the order of `columns`.
    """

    songs: int
    known: Mapping[str, int]
    scalars: Scale
    doubt: Values
    terms: TermModel
    sound: Scale | None
    genres: Genres
    artists: Artists
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    clip: float = CLIP

    @property
    def name(self) -> str:
        """Return what a manifest calls the recipe."""
        return RECIPE

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the features."""
        return (*SCALARS, *TERMS, *(SOUND_COLUMNS if self.sound else ()))

    @staticmethod
    def saved_as(path: str) -> str:
        """Return the path of the file that is there once a recipe is saved at `path`."""
        return posixpath.join(path, RECIPE_FILE)

    def save(self, folder: Folder, path: str) -> None:
        """Write the recipe's files; the same recipe makes the same bytes. Raises: OSError."""
        folder.write_table(posixpath.join(path, RECIPE_ARTISTS), self.artists.as_table())
        folder.write(self.saved_as(path), self.to_json().encode())

    @classmethod
    def load(cls, folder: Folder, path: str) -> Self:
        """Return the recipe that was saved at `path`. Raises: OSError, DatasetError."""
        artists = Artists.of_table(folder.read_table(posixpath.join(path, RECIPE_ARTISTS)))
        return cls.of_json(folder.read(cls.saved_as(path)).decode(), artists)

    def to_json(self) -> str:
        """Return all but the artists as JSON, a line a part; every number is exact."""
        parts = {
            "name": self.name,
            "version": VERSION,
            "columns": self.columns,
            "songs": self.songs,
            "known": self.known,
            "unknown": RULE,
            "sources": SOURCES,
            "weights": self.weights,
            "clip": self.clip,
            "scalars": {**_scale(self.scalars), "doubt": listed(self.doubt)},
            "sound": _scale(self.sound) if self.sound else None,
            "genres": {name: listed(getattr(self.genres, name)) for name in Genres.__slots__},
            "vocabulary": self.terms.vocabulary,
            "rarity": listed(self.terms.rarity),
            "projection": listed(self.terms.projection),
        }
        lines = (
            f'"{name}": {json.dumps(part, ensure_ascii=False)}' for name, part in parts.items()
        )
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def of_json(cls, text: str, artists: Artists) -> Self:
        """Return the recipe that `to_json` wrote down, with its artists.

        Raises: DatasetError when it is another recipe, or another version of this one.
        """
        fields = json.loads(text)
        if (fields["name"], fields["version"]) != (RECIPE, VERSION):
            found = f"{fields['name']}, version {fields['version']}"
            raise DatasetError(RECIPE_FILE, None, f"{found}, not {RECIPE}, version {VERSION}")
        genres, sound = fields["genres"], fields["sound"]
        width = len(fields["columns"]) - len(SCALARS) - len(TERMS)
        return cls(
            songs=fields["songs"],
            known=fields["known"],
            scalars=_scale_of(fields["scalars"]),
            doubt=of_list(fields["scalars"], "doubt"),
            terms=TermModel(
                tuple(fields["vocabulary"]),
                of_list(fields, "rarity"),
                of_list(fields, "projection", TERM_COLUMNS),
            ),
            sound=_scale_of(sound) if sound else None,
            genres=Genres(
                np.array(genres["ids"], np.int32),
                of_list(genres, "scalars", len(SCALARS)),
                of_list(genres, "terms", TERM_COLUMNS),
                of_list(genres, "sound", width),
            ),
            artists=artists,
            weights=fields["weights"],
            clip=fields["clip"],
        )


def _scale(scale: Scale) -> dict[str, Any]:
    return {name: listed(getattr(scale, name)) for name in Scale.__slots__}


def _scale_of(fields: Mapping[str, Any]) -> Scale:
    return Scale(*(of_list(fields, name) for name in Scale.__slots__))
