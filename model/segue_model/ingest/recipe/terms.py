"""Artists by what people call them: their terms, brought into few columns."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from segue_model.ingest.recipe.columns import TERM_COLUMNS, Values
from segue_model.ingest.recipe.subspace import leading_directions
from segue_model.ingest.tracks import Arrow

# A term of one artist only tells nothing of likeness.
ARTISTS_OF_A_TERM: Final = 2
# Shorter than this, what is left of an artist in the columns is rounding.
SHORTEST: Final = 1e-6
# What is kept of a projection and of an artist: far beyond what a term can tell.
DECIMALS: Final = 9
ARTIST_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class TermModel:
    """The terms that count, in order; their rarity [v]; and where they lie, [v, TERM_COLUMNS]."""

    vocabulary: tuple[str, ...]
    rarity: Values
    projection: Values

    @classmethod
    def of(cls, lists: Arrow) -> Self:
        """Return the model of artists' terms, lists of texts, the strongest first.

        Rarity is ln(artists / artists with the term) + 1 (Spärck Jones, 1972), over the artists
        with terms; the columns are those of latent semantic analysis (Deerwester et al., 1990).
        """
        entries = _Entries.of(lists)
        artists_of = np.bincount(entries.terms, minlength=len(entries.names))
        counts = artists_of >= ARTISTS_OF_A_TERM
        order = [
            at
            for at in np.argsort(entries.names.to_numpy(zero_copy_only=False), kind="stable")
            if counts[at]
        ]
        artists = len(np.unique(entries.rows))
        vocabulary = tuple(entries.names[int(at)].as_py() for at in order)
        plain = cls(vocabulary, np.log(artists / artists_of[order]) + 1, np.zeros((len(order), 0)))
        directions = np.round(leading_directions(plain.weights(lists), TERM_COLUMNS), DECIMALS)
        missing = TERM_COLUMNS - directions.shape[1]
        return cls(vocabulary, plain.rarity, np.pad(directions, ((0, 0), (0, missing))) + 0.0)

    def weights(self, lists: Arrow) -> sparse.csr_array:
        """Return artists by terms, rows of length 1 or 0: the r-th term counts rarity / √r."""
        entries = _Entries.of(lists)
        place = pc.index_in(entries.names, pa.array(self.vocabulary, pa.string()))
        columns: npt.NDArray[np.int64] = pc.fill_null(place, -1).to_numpy()[entries.terms]
        known = columns >= 0
        rows, columns = entries.rows[known], columns[known]
        values = self.rarity[columns] / np.sqrt(1 + entries.places[known])
        lengths = np.sqrt(np.bincount(rows, values**2, len(lists)))
        shape = (len(lists), len(self.vocabulary))
        return sparse.csr_array((values / lengths[rows], (rows, columns)), shape)

    def placed(self, lists: Arrow) -> npt.NDArray[np.float32]:
        """Return where artists of these terms lie, [n, TERM_COLUMNS], rows of length 1.

        An artist without any term that counts is unknown: NaN.
        """
        values = self.weights(lists) @ self.projection
        lengths = np.sqrt((values * values).sum(axis=1, keepdims=True))
        unit = np.full(values.shape, np.nan)
        np.divide(values, lengths, out=unit, where=lengths > SHORTEST)
        return (np.round(unit, ARTIST_DECIMALS) + 0.0).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Each term of each artist once: its row, its place there from 0, and which of `names`."""

    names: Arrow
    rows: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int64]

    @classmethod
    def of(cls, lists: Arrow) -> Self:
        encoded = pc.list_flatten(lists).dictionary_encode()
        names = encoded.dictionary
        terms = encoded.indices.to_numpy().astype(np.int64)
        rows = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
        _, first = np.unique(rows * max(1, len(names)) + terms, return_index=True)
        first.sort()
        rows, terms = rows[first], terms[first]
        places = np.arange(len(rows)) - np.searchsorted(rows, rows)
        return cls(names, rows, places, terms)
