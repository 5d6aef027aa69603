"""The bars that `bench/retrieval.py` is held to, as ratios of medians of one run."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """What must be reached: a figure, made of the medians by name and batch."""

    name: str
    must: float
    goal: float | None
    figure: Callable[[dict[tuple[str, int], float]], float]


def _best(ms: dict[tuple[str, int], float], batch: int, *beginnings: str) -> float:
    found = [value for (name, of), value in ms.items() if of == batch and name in beginnings]
    if not found:
        raise KeyError(beginnings[0])
    return min(found)


IVF = tuple(f"faiss IVF{lists} @0.95" for lists in (1024, 4096))
HNSW = tuple(f"{name} @0.95" for name in ("faiss HNSW32", "hnswlib M16", "usearch M16"))
FLAT = ("faiss flat", "faiss flat, tuned", "scann brute")
NEAR = "approximate @0.95"
BARS = (
    Bar("exact B1 / floor", 2.5, 1.5, lambda ms: ms["exact", 1] / ms["floor", 1]),
    Bar("exact B1 / faiss flat", 2.0, 1.3, lambda ms: ms["exact", 1] / ms["faiss flat", 1]),
    Bar(
        "exact B64 / best exact peer", 1.0, 0.75, lambda ms: ms["exact", 64] / _best(ms, 64, *FLAT)
    ),
    Bar("exact B64 / plain", 0.2, None, lambda ms: ms["exact", 64] / ms["plain", 64]),
    Bar(
        "approximate B1 / faiss IVF, less a trivial call",
        4.0,
        3.0,
        lambda ms: (ms[NEAR, 1] - ms["trivial call", 1]) / _best(ms, 1, *IVF),
    ),
    Bar("approximate B64 / faiss IVF", 2.5, 2.0, lambda ms: ms[NEAR, 64] / _best(ms, 64, *IVF)),
    Bar("approximate B1 / best HNSW", 1.0, 0.7, lambda ms: ms[NEAR, 1] / _best(ms, 1, *HNSW)),
)


def judge(ms: dict[tuple[str, int], float]) -> None:
    """Print which bars are reached; those whose peers are not there are left out."""
    for bar in BARS:
        try:
            figure = bar.figure(ms)
        except KeyError:
            continue
        reached = "MISSED" if figure > bar.must else "reached"
        if bar.goal is not None and figure <= bar.goal:
            reached = "goal reached"
        print(f"{bar.name:50} {figure:5.2f}  must {bar.must}, goal {bar.goal}: {reached}")
