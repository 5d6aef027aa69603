"""What every ranking must be: all songs scored, sorted and filtered the slow and obvious way."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from segue_model.ranking.songs import SongArrays


@dataclass(frozen=True)
class Query:
    listened: list[int]
    k: int
    excluded_songs: list[int] = field(default_factory=list)
    excluded_artists: list[int] = field(default_factory=list)
    exclude_seed_artists: bool = False
    genres: list[str] = field(default_factory=list)
    artists: list[int] = field(default_factory=list)
    years: tuple[int, int] = (0, 0)
    tempos: tuple[float, float] = (0.0, 0.0)
    max_per_artist: int = 0
    diversity: float = 0.0


# The scores of all songs for a listener to some rows; none when it knows nothing of these.
Score = Callable[[list[int]], np.ndarray | None]


def mean_product(vectors: np.ndarray) -> Score:
    """Return what scores by the mean product with the listened songs' vectors."""

    def score(rows: list[int]) -> np.ndarray | None:
        if not rows or vectors.shape[1] == 0:
            return None
        # Rounded as far as float32 carries, so that equal songs tie here as they do there.
        return np.asarray(np.round(vectors.astype(np.float64) @ vectors[rows].mean(0), 6))

    return score


@dataclass(frozen=True)
class Oracle:
    songs: SongArrays
    score: Score
    popular: bool = False  # whoever asks is asked nothing

    def knows(self, song: int) -> bool:
        """Return whether the song is in the catalog, and tells something of its listeners."""
        rows = np.flatnonzero(self.songs.ids == song).tolist()
        return bool(rows) and (self.popular or self.score(rows) is not None)

    def pool(self, query: Query) -> list[tuple[int, float]]:
        """Return what a diverse answer is picked from, as `rank` does."""
        k = max(50, 5 * query.k) if query.k > 0 else 0
        return self.rank(replace(query, k=k, diversity=0))

    def shortfall(self, query: Query, songs: list[int]) -> float:
        """Return by how much the picks of a diverse answer fall short of the best, at most.

        Picks of equal value cannot be told apart by other arithmetic than the graph's own.
        """
        pool = dict(self.pool(query))
        rows = {int(song): row for row, song in enumerate(self.songs.ids)}
        low, high = min(pool.values()), max(pool.values())
        relevance = {
            song: (s - low) / (high - low) if high > low else 0 for song, s in pool.items()
        }
        alike, worst = dict.fromkeys(pool, 0.0), 0.0
        for song in songs:
            value = {
                other: (1 - query.diversity) * relevance[other] - query.diversity * alike[other]
                for other in alike
            }
            worst = max(worst, max(value.values()) - value[song])
            del alike[song]
            for other in alike:
                alike[other] = max(alike[other], self._alike(rows[other], rows[song]))
        return worst

    def _alike(self, one: int, other: int) -> float:
        common = self._genres(one) & self._genres(other)
        either = self._genres(one) | self._genres(other)
        artist = self.songs.artists[one] == self.songs.artists[other]
        return 0.5 * bool(artist) + 0.5 * (len(common) / len(either) if either else 0)

    def rank(self, query: Query) -> list[tuple[int, float]]:
        """Return (id, score), best first, equal scores by id; whatever the diversity asked for."""
        known = self._known(query)
        scores = self.score(known)
        scores = self.songs.popularity if scores is None else scores
        seeds = {int(self.songs.artists[row]) for row in known}
        order = sorted(range(len(scores)), key=lambda row: (-scores[row], self.songs.ids[row]))
        per_artist: Counter[int] = Counter()
        ranked = []
        for row in order:
            artist = int(self.songs.artists[row])
            if not self._allowed(query, row, seeds):
                continue
            per_artist[artist] += 1
            if not query.max_per_artist or per_artist[artist] <= query.max_per_artist:
                ranked.append((int(self.songs.ids[row]), float(scores[row])))
        return ranked[: max(query.k, 0)]

    def _known(self, query: Query) -> list[int]:
        rows = {int(song): row for row, song in enumerate(self.songs.ids)}
        return [rows[song] for song in dict.fromkeys(query.listened) if song in rows]

    def _allowed(self, query: Query, row: int, seeds: set[int]) -> bool:
        song, artist = int(self.songs.ids[row]), int(self.songs.artists[row])
        return (
            song not in {*query.listened, *query.excluded_songs}
            and artist not in query.excluded_artists
            and not (query.exclude_seed_artists and artist in seeds)
            and (not query.artists or artist in query.artists)
            and (not query.genres or bool(self._genres(row) & set(query.genres)))
            and _within(self.songs.years[row], query.years)
            and _within(self.songs.tempos[row], query.tempos)
        )

    def _genres(self, row: int) -> set[str]:
        return self._genres_by_row.get(row, set())

    @cached_property
    def _genres_by_row(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        pairs = zip(self.songs.genre_rows.tolist(), self.songs.genre_positions, strict=True)
        for row, position in pairs:
            found.setdefault(row, set()).add(self.songs.genre_names[position].casefold())
        return found


def _within(value: float, bounds: tuple[float, float]) -> bool:
    low, high = bounds
    if low == 0 and high == 0:
        return True
    return bool(value > 0 and value >= low and (high == 0 or value <= high))
