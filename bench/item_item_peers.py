"""Public item-item and factor models on the splits of `item_item.py`, in an environment of its own.

    PYTHON bench/item_item_peers.py FOLDER NAME

PYTHON has `implicit`, and `sansa` where that is wanted. FOLDER holds what `item_item.py` wrote.
Prints a line of JSON: what was chosen on the first held-out listeners, how long the chosen fit
took, and the figures of each of the second ones.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

AT = 100
NEAR = 20
Matrix: TypeAlias = sparse.csr_matrix
Values: TypeAlias = npt.NDArray[np.float64]
# NDCG@100 and Recall@20 of each listener.
Figures: TypeAlias = tuple[Values, Values]
Scores: TypeAlias = Callable[[Matrix], Values]


def figures(scores: Values, history: Matrix, targets: Matrix) -> Figures:
    """Return NDCG@100 and Recall@20 of each listener; what was listened to is left out."""
    scores = np.asarray(scores, np.float64).copy()
    scores[history.nonzero()] = -np.inf
    most = min(AT, scores.shape[1])
    top = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    wanted = targets.toarray() > 0
    hits, number = np.take_along_axis(wanted, top, 1), wanted.sum(axis=1)
    gains = 1 / np.log2(np.arange(2, AT + 2))
    ideal = np.cumsum(gains)[np.minimum(number, AT) - 1]
    ndcg = hits @ gains[:most] / ideal
    return ndcg, hits[:, :NEAR].sum(axis=1) / np.minimum(number, NEAR)


def neighbors(name: str) -> Iterator[tuple[str, Callable[[Matrix], Scores]]]:
    """Yield item-kNN of `implicit` by how many neighbors it has."""
    from implicit import nearest_neighbours  # noqa: PLC0415 - only where it is installed

    for count in (20, 50, 100, 200, 500):

        def fit(train: Matrix, count: int = count) -> Scores:
            model = getattr(nearest_neighbours, name)(K=count)
            model.fit(train.tocsr(), show_progress=False)
            return lambda history: (history @ model.similarity).toarray()

        yield f"K={count}", fit


def als(_: str) -> Iterator[tuple[str, Callable[[Matrix], Scores]]]:
    """Yield ALS of `implicit` by its three settings."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 - only where it is installed

    for settings in product((32, 64, 128), (1.0, 10.0), (1.0, 5.0, 20.0)):

        def fit(train: Matrix, settings: tuple[int, float, float] = settings) -> Scores:
            factors, penalty, alpha = settings
            model = AlternatingLeastSquares(
                factors=factors, regularization=penalty, alpha=alpha, random_state=1
            )
            model.fit(train, show_progress=False)

            def score(history: Matrix) -> Values:
                found = model.recalculate_user(np.arange(history.shape[0]), history)
                return np.asarray(found @ model.item_factors.T)

            return score

        yield f"factors, regularization, alpha = {settings}", fit


def sansa(name: str) -> Iterator[tuple[str, Callable[[Matrix], Scores]]]:
    """Yield SANSA at 0.5 % of all weights, by its ridge penalty.

    Its exact factors need 18 GB and more for 41,000 songs, so `once` takes the incomplete ones.
    """
    import sansa as it  # noqa: PLC0415 - only where it is installed

    once = name == "once"
    factors = it.ICFGramianFactorizerConfig if once else it.CHOLMODGramianFactorizerConfig
    for penalty in (100.0,) if once else (30.0, 100.0, 300.0):

        def fit(train: Matrix, penalty: float = penalty) -> Scores:
            config = it.SANSAConfig(
                l2=penalty,
                weight_matrix_density=0.005,
                gramian_factorizer_config=factors(),
                lower_triangle_inverter_config=it.UMRUnitLowerTriangleInverterConfig(),
            )
            model = it.SANSA(config).fit(train)
            return lambda history: model.forward(history).toarray()

        yield f"l2={penalty:g}", fit


PEERS = {
    "cosine kNN": (neighbors, "CosineRecommender"),
    "TF-IDF kNN": (neighbors, "TFIDFRecommender"),
    "BM25 kNN": (neighbors, "BM25Recommender"),
    "ALS": (als, ""),
    "SANSA": (sansa, ""),
    "SANSA once": (sansa, "once"),
}


def main(folder: Path, name: str) -> None:
    """Print what NAME reaches."""
    train, history, targets, asked, wanted = (
        sparse.load_npz(folder / f"{part}.npz").tocsr()
        for part in ("train", "history", "targets", "asked", "wanted")
    )
    best: tuple[float, str, Scores, float, float] | None = None
    family, argument = PEERS[name]
    for setting, fit in family(argument):
        began, worked = time.perf_counter(), time.process_time()
        score = fit(train)
        spent = time.perf_counter() - began, time.process_time() - worked
        value = float(figures(score(history), history, targets)[0].mean())
        if best is None or value > best[0]:
            best = (value, setting, score, *spent)
    assert best is not None  # noqa: S101 - every family has a setting
    ndcg, recall = figures(best[2](asked), asked, wanted)
    told = {"setting": best[1], "seconds": best[3], "cpu": best[4]}
    print(json.dumps(told | {"ndcg": ndcg.tolist(), "recall": recall.tolist()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
