"""What every ranking must be: all songs scored, sorted and filtered the slow and obvious way."""

from collections import Counter
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Oracle:
    songs: SongArrays
    vectors: np.ndarray

    def rank(self, query: Query) -> list[tuple[int, float]]:
        """Return (id, score), best first, equal scores by id."""
        known = self._known(query)
        scores = self._scores(known)
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

    def _scores(self, known: list[int]) -> np.ndarray:
        if not known or self.vectors.shape[1] == 0:
            return self.songs.popularity
        # Rounded as far as float32 carries, so that equal songs tie here as they do there.
        scores = self.vectors.astype(np.float64) @ self.vectors[known].mean(0)
        return np.asarray(np.round(scores, 6))

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
        positions = self.songs.genre_positions[self.songs.genre_rows == row]
        return {self.songs.genre_names[position].casefold() for position in positions}


def _within(value: float, bounds: tuple[float, float]) -> bool:
    low, high = bounds
    if low == 0 and high == 0:
        return True
    return bool(value > 0 and value >= low and (high == 0 or value <= high))
