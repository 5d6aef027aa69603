"""One library of nearest neighbors, timed where the caller says; `bench/retrieval.py` starts it.

    python bench/retrieval_peers.py LIBRARY FOLDER

FOLDER holds `vectors.npy` [N, d], `queries.npy` [Q, d] and `truth.npy` [Q, 10]. It first prints, as
a line of JSON, what the library can do: by name the recall, the setting that it took, and the
seconds of building. Then it answers lines {"name", "batch", "calls"} with milliseconds a query.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

K = 10
LEVELS = (0.95, 0.99)
BUILDERS = 2  # threads that build; one searches
Search = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Peer:
    """A way to search; `settings` are tried in order until the recall is reached (none: exact)."""

    name: str
    seconds: float
    search: Search
    settings: tuple[int, ...] = ()
    set: Callable[[int], None] = lambda _: None


def setter(of: Any, name: str) -> Callable[[int], None]:  # noqa: ANN401 - a library's own
    """Return what sets an attribute."""
    return lambda value: setattr(of, name, value)


def faiss_peers(vectors: np.ndarray) -> Iterator[Peer]:
    """Yield flat search, as it is and with products of matrices for all batches, IVF and HNSW."""
    import faiss  # noqa: PLC0415 - one library a process

    width, default = vectors.shape[1], faiss.cvar.distance_compute_blas_threshold

    def built(index: Any) -> tuple[Any, float]:  # noqa: ANN401 - untyped
        started = time.perf_counter()
        faiss.omp_set_num_threads(BUILDERS)
        if not index.is_trained:
            index.train(vectors)
        index.add(vectors)
        faiss.omp_set_num_threads(1)
        return index, time.perf_counter() - started

    def search(index: Any, blas_from: int = default) -> Search:  # noqa: ANN401 - untyped
        def found(queries: np.ndarray) -> np.ndarray:
            faiss.cvar.distance_compute_blas_threshold = blas_from
            return np.asarray(index.search(queries, K)[1])

        return found

    flat, seconds = built(faiss.IndexFlatIP(width))
    yield Peer("faiss flat", seconds, search(flat))
    yield Peer("faiss flat, tuned", seconds, search(flat, 2))
    for lists in (size for size in (1024, 4096) if size <= len(vectors)):
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT
        )
        index, seconds = built(index)
        ladder = tuple(range(1, 40)) + tuple(range(40, 600, 8))
        name = f"faiss IVF{lists}"
        yield Peer(name, seconds, search(index), ladder, setter(index, "nprobe"))
    index, seconds = built(_hnsw(faiss, width))
    yield Peer("faiss HNSW32", seconds, search(index), _widths(), setter(index.hnsw, "efSearch"))


def _hnsw(faiss: Any, width: int) -> Any:  # noqa: ANN401 - untyped
    index = faiss.IndexHNSWFlat(width, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 200
    return index


def hnswlib_peers(vectors: np.ndarray) -> Iterator[Peer]:
    """Yield its one index."""
    import hnswlib  # noqa: PLC0415

    index = hnswlib.Index("ip", vectors.shape[1])
    started = time.perf_counter()
    index.init_index(len(vectors), M=16, ef_construction=100, random_seed=1)
    index.set_num_threads(BUILDERS)
    index.add_items(vectors)
    seconds = time.perf_counter() - started
    index.set_num_threads(1)
    yield Peer("hnswlib M16", seconds, lambda q: index.knn_query(q, K)[0], _widths(), index.set_ef)


def usearch_peers(vectors: np.ndarray) -> Iterator[Peer]:
    """Yield its one index."""
    from usearch.index import Index  # noqa: PLC0415

    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=16)
    started = time.perf_counter()
    index.add(np.arange(len(vectors)), vectors, threads=BUILDERS)
    seconds = time.perf_counter() - started

    def search(queries: np.ndarray) -> np.ndarray:
        keys = index.search(queries, K, threads=1).keys
        return np.asarray(keys).reshape(len(queries), K).astype(np.int64)

    yield Peer("usearch M16", seconds, search, _widths(), setter(index, "expansion_search"))


def scann_peers(vectors: np.ndarray) -> Iterator[Peer]:
    """Yield brute force, and the tree with quantized scores and exact ones of the best."""
    import scann  # noqa: PLC0415

    started = time.perf_counter()
    brute = scann.scann_ops_pybind.builder(vectors, K, "dot_product").score_brute_force().build()
    brute.set_num_threads(1)
    yield Peer("scann brute", time.perf_counter() - started, _scann_search(brute, {}))
    leaves = max(10, int(len(vectors) ** 0.5))
    started = time.perf_counter()
    tree = (
        scann.scann_ops_pybind.builder(vectors, K, "dot_product")
        .tree(leaves, max(1, leaves // 20), training_sample_size=min(len(vectors), 250_000))
        .score_ah(2, anisotropic_quantization_threshold=0.2)
        .reorder(1000)
        .build()
    )
    tree.set_num_threads(1)
    options = {"leaves_to_search": 1, "pre_reorder_num_neighbors": 1000}
    ladder = tuple(range(5, leaves, 5))
    seconds = time.perf_counter() - started

    def search_leaves(number: int) -> None:
        options["leaves_to_search"] = number

    yield Peer("scann tree", seconds, _scann_search(tree, options), ladder, search_leaves)


def _scann_search(searcher: Any, options: dict[str, int]) -> Search:  # noqa: ANN401 - untyped
    def found(queries: np.ndarray) -> np.ndarray:
        if len(queries) == 1:
            return np.asarray(searcher.search(queries[0], K, **options)[0])[np.newaxis]
        return np.asarray(searcher.search_batched(queries, K, **options)[0])

    return found


def _widths() -> tuple[int, ...]:
    return tuple(int(16 * 1.25**step) for step in range(22))


LIBRARIES = {
    "faiss": faiss_peers,
    "hnswlib": hnswlib_peers,
    "usearch": usearch_peers,
    "scann": scann_peers,
}


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the true neighbors that were found."""
    pairs = zip(found.tolist(), truth.tolist(), strict=True)
    return sum(len(set(one) & set(best)) for one, best in pairs) / truth.size


def chosen(peer: Peer, queries: np.ndarray, truth: np.ndarray, level: float) -> tuple[int, float]:
    """Return the first setting that reaches the level, or the last one, and its recall."""
    reached = 0.0
    for setting in peer.settings:
        peer.set(setting)
        reached = recall(peer.search(queries), truth)
        if reached >= level:
            break
    return setting, reached


def at_setting(peer: Peer, setting: int) -> Search:
    """Return the peer's search, always at the setting; several share one index."""

    def found(queries: np.ndarray) -> np.ndarray:
        peer.set(setting)
        return peer.search(queries)

    return found


def main(library: str, folder: Path) -> None:
    """Build all peers of a library, tell of them, and time them as asked."""
    vectors, queries, truth = (
        np.load(folder / f"{name}.npy") for name in ("vectors", "queries", "truth")
    )
    calls: dict[str, Callable[[np.ndarray], object]] = {}
    told = {}
    for peer in LIBRARIES[library](vectors):
        if not peer.settings:
            calls[peer.name] = peer.search
            told[peer.name] = {"recall": recall(peer.search(queries), truth), "build": peer.seconds}
        for level in LEVELS if peer.settings else ():
            setting, reached = chosen(peer, queries, truth, level)
            name = f"{peer.name} @{level}"
            calls[name] = at_setting(peer, setting)
            told[name] = {"recall": reached, "setting": setting, "build": peer.seconds}
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        batch, number = asked["batch"], asked["calls"]
        starts = [call * batch % (len(queries) - batch + 1) for call in range(number)]
        started = time.perf_counter()
        for start in starts:
            calls[asked["name"]](queries[start : start + batch])
        print(json.dumps((time.perf_counter() - started) * 1000 / (batch * number)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
