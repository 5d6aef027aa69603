"""Matrix factorization: songs whose vectors fit the listener's, learned from who listened to what.

iALS (Hu, Koren and Volinsky, ICDM 2008; tuned as by Rendle et al., RecSys 2022). The listener is
solved for in the graph, from the listened songs alone; the solution is linear in these, so a
listened song's contribution is the product with its own part of it.
"""

from dataclasses import asdict

import numpy as np

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.learning.factors import fit_factors
from segue_model.learning.factors_options import FactorsOptions
from segue_model.ranking.fold_in import FoldIn
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.profile import Profile
from segue_model.ranking.songs import SongTable, song_arrays


def fit(dataset: Dataset, options: FactorsOptions, progress: Progress) -> RankingModel[Profile]:
    """Return the model of a dataset; songs with too few listeners score 0."""
    factors = fit_factors(interactions_of(dataset), options, progress)
    songs = SongTable(song_arrays(dataset))
    vectors = np.zeros((songs.count, options.dimensions), np.float32)
    vectors[factors.songs] = factors.vectors
    unobserved = options.unobserved_weight * len(factors.songs)
    fold_in = FoldIn(factors.gramian, options.regularization, unobserved, options.nu)
    description = Description(
        "matrix-factorization", sig.SOURCE_COLLABORATIVE, True, dataset.fingerprint, asdict(options)
    )
    scorer = InnerProduct(songs, vectors, sig.SOURCE_COLLABORATIVE, fold_in)
    return RankingModel(songs, scorer, description)


ENGINE = Engine(
    fit,
    FactorsOptions,
    {
        "dimensions": (32, 64, 128, 256),
        "regularization": (0.003, 0.01, 0.03),
        "unobserved_weight": (0.03, 0.1, 0.3),
        "epochs": (8, 16),
    },
)
