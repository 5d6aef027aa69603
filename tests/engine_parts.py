"""What each listened song adds to each song's score, in plain numpy: one entry an engine."""

from collections.abc import Callable

import numpy as np

from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import silent
from segue_model.engines.blend import BlendOptions
from segue_model.engines.content import unit_vectors
from segue_model.learning.factors import fit_factors
from segue_model.learning.factors_options import FactorsOptions
from segue_model.learning.item_item import ItemItemOptions, fit_item_item
from segue_model.learning.likeness import likeness, worth
from segue_model.learning.neighbor_table import NONE, NeighborTable
from segue_model.learning.tastes import SHARPNESS, profiles, tastes

# Of a listener to some rows, in order, the part of each in the score of every song, [L, N].
Parts = Callable[[np.ndarray], np.ndarray]


def content(dataset: Dataset) -> Parts:
    vectors = unit_vectors(dataset.features).astype(np.float64)

    def parts(rows: np.ndarray) -> np.ndarray:
        listened = vectors[rows].astype(np.float32)
        groups, shares = tastes(listened)
        directions, added = profiles(listened, groups, shares)
        found = vectors @ directions.T + added
        result = np.zeros((len(rows), len(vectors)))
        for taste in range(len(shares)):
            members = np.flatnonzero(groups == taste)
            won = found.argmax(axis=1) == taste
            # The profile is the members' sum, made as long as a song's vector.
            alone = vectors[rows[members]] @ vectors[won].T
            whole = np.linalg.norm(vectors[rows[members]].sum(axis=0))
            result[np.ix_(members, won)] = alone / whole + added[taste] / len(members)
        return result

    return parts


def item_item(dataset: Dataset) -> Parts:
    return of_table(dataset, fit_item_item(interactions_of(dataset), ItemItemOptions()))


def of_table(dataset: Dataset, table: NeighborTable) -> Parts:
    def parts(rows: np.ndarray) -> np.ndarray:
        result = np.zeros((len(rows), len(dataset.songs.ids)))
        for line, row in enumerate(rows):
            for place in np.flatnonzero(table.songs == row):
                there = table.neighbors[place] != NONE
                neighbors = table.songs[table.neighbors[place][there]]
                result[line, neighbors] = table.weights[place][there]
        return result

    return parts


def factors(dataset: Dataset) -> Parts:
    learned = fit_factors(interactions_of(dataset), FactorsOptions(), silent)

    def parts(rows: np.ndarray) -> np.ndarray:
        vectors = np.zeros((len(dataset.songs.ids), learned.vectors.shape[1]))
        vectors[learned.songs] = learned.vectors
        theirs = vectors[np.intersect1d(rows, learned.songs)]
        shrinkage = learned.shrinkage(np.array(len(theirs)))
        system = learned.gramian + theirs.T @ theirs + shrinkage * np.eye(theirs.shape[1])
        return np.asarray(vectors[rows] @ np.linalg.inv(system) @ vectors.T)

    return parts


def blend(dataset: Dataset) -> Parts:
    options = BlendOptions()
    listens, vectors = interactions_of(dataset), unit_vectors(dataset.features)
    table = fit_item_item(listens, options.behavior())
    unit = worth(table, vectors, listens)
    weights = np.full(len(vectors), options.cold_content * unit)
    weights[table.songs] = options.warm_content * unit
    behavior, alike = item_item(dataset), content(dataset)

    def parts(rows: np.ndarray) -> np.ndarray:
        shares = np.exp(SHARPNESS * (vectors[rows] @ vectors.T))
        shares /= shares.sum(axis=0)
        return np.asarray(behavior(rows) + weights * likeness(alike(rows).sum(axis=0)) * shares)

    return parts


PARTS = {"content": content, "item-item": item_item, "factors": factors, "blend": blend}
