"""How the gate judges: what counts as the same ranking, what is left, which pick was due."""

import re
from dataclasses import replace

import numpy as np
import pytest

from segue_model.data.dataset import Dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.gate.answers import Answer, difference
from segue_model.gate.attributes import Attributes, attributes_of
from segue_model.gate.diversity import Pool, pool_size
from segue_model.gate.expecting import expected, without
from segue_model.gate.requests import Request, shrunk, tensors_of


def answer(ids: list[int], scores: list[float], sources: int = 1) -> Answer:
    """An answer to a listener of two songs, of which the first makes the whole score."""
    parts = np.array([[score, 0.0] for score in scores], np.float32).reshape(-1, 2)
    return Answer(
        np.array(ids, np.int32),
        np.array(scores, np.float32),
        parts,
        np.full(len(ids), sources, np.int32),
        np.array([True, False]),
    )


# --- the same ranking ---

ONE = answer([7, 3, 5], [0.9, 0.5, 0.4])


def test_an_answer_is_the_same_as_itself_and_so_are_two_of_nothing() -> None:
    assert difference(ONE, ONE) is None
    assert difference(answer([], []), answer([], [])) is None


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (answer([7, 3], [0.9, 0.5]), "3 songs and 2"),
        (answer([7, 3, 5], [0.9, 0.5, 0.3999]), "scores .* at place 3"),
        (answer([3, 7, 5], [0.9, 0.5, 0.4]), "song 7 and song 3 at place 1"),
        (answer([7, 9, 5], [0.9, 0.5, 0.4]), "song 3 and song 9 at place 2"),
        (answer([7, 3, 5], [0.9, 0.5, 0.4], sources=3), "different sources"),
        (replace(ONE, known=np.array([True, True])), "different listened songs are known"),
        (replace(ONE, contributions=ONE.contributions[:, ::-1]), "contributions .* apart"),
    ],
)
def test_another_answer_is_told_apart(other: Answer, what: str) -> None:
    found = difference(ONE, other)
    assert found is not None
    assert re.search(what, found)


def test_equals_may_change_places_and_one_may_stand_for_another_at_the_end() -> None:
    first = answer([7, 3, 5], [0.5, 0.5000001, 0.4])
    assert difference(first, answer([3, 7, 5], [0.5000001, 0.5, 0.4])) is None
    assert difference(first, answer([7, 3, 9], [0.5, 0.5000001, 0.4000001])) is None


def test_a_limit_for_an_artist_lets_one_equal_stand_for_another_anywhere() -> None:
    one, other = answer([7, 3, 5], [0.9, 0.5, 0.4]), answer([7, 9, 5], [0.9, 0.5000001, 0.4])
    assert difference(one, other, capped=True) is None
    assert difference(one, other) is not None
    assert difference(one, answer([3, 9, 5], [0.9, 0.5, 0.4]), capped=True) is not None
    assert difference(one, answer([7, 9, 5], [0.9, 0.4999, 0.4]), capped=True) is not None


# --- what is left of the whole ranking ---


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return synthetic_dataset(120, 12, 5)


@pytest.fixture(scope="module")
def attributes(dataset: Dataset) -> Attributes:
    return attributes_of(dataset)


def allowed(attributes: Attributes, **wishes: object) -> set[int]:
    songs = attributes.songs
    return set(songs.ids[attributes.allowed(replace(Request(), **wishes))].tolist())  # type: ignore[arg-type]


def where(attributes: Attributes, mask: object) -> set[int]:
    return set(attributes.songs.ids[np.asarray(mask, np.bool_)].tolist())


def test_bounds_are_inclusive_and_unknown_values_are_outside(attributes: Attributes) -> None:
    years, tempos = attributes.songs.years, attributes.songs.tempos
    assert (years == 0).any()
    assert np.isnan(tempos).any()
    low, high = (int(year) for year in np.quantile(years[years > 0], (0.25, 0.5), method="nearest"))
    assert allowed(attributes, years=(low, high)) == where(
        attributes, [low <= year <= high for year in years.tolist()]
    )
    assert allowed(attributes, years=(0, high)) == where(attributes, (years > 0) & (years <= high))
    assert allowed(attributes, years=(low, 0)) == where(attributes, years >= low)
    assert allowed(attributes, years=(high, low)) == set()
    pace = float(np.nanmedian(tempos))
    assert allowed(attributes, tempos=(pace, 0.0)) == where(attributes, tempos >= np.float32(pace))
    assert allowed(attributes) == where(attributes, np.ones(len(years)))


def test_artists_and_genres_are_sets_of_which_one_is_enough(attributes: Attributes) -> None:
    songs = attributes.songs
    artist, unknown = int(songs.artists[0]), 10**9
    of_artist = where(attributes, songs.artists == artist)
    everything = where(attributes, np.ones(len(songs.ids)))
    assert allowed(attributes, artists=(artist, unknown)) == of_artist
    assert allowed(attributes, artists=(unknown,)) == set()
    assert allowed(attributes, excluded_artists=(artist,)) == everything - of_artist
    first = int(songs.ids[0])
    seeds = {"listened_songs": (first,), "exclude_seed_artists": True}
    assert allowed(attributes, **seeds) == everything - of_artist
    assert allowed(attributes, listened_songs=(first,)) == everything - {first}
    assert allowed(attributes, excluded_songs=(first,)) == everything - {first}
    name, genre = next(iter(attributes.genre_ids.items()))
    of_genre = where(attributes, [genre in songs.genres[row] for row in range(len(songs.ids))])
    assert 0 < len(of_genre) < len(everything)
    assert allowed(attributes, genres=(name, "no such genre")) == of_genre
    assert allowed(attributes, genres=("no such genre",)) == set()


def test_a_cap_counts_down_the_ranking(attributes: Attributes) -> None:
    artists = attributes.songs.artists
    order = np.random.default_rng(1).permutation(len(artists))
    for most in (1, 2, 3):
        seen: dict[int, int] = {}
        kept = attributes.capped(order, most)
        for row, keeps in zip(order.tolist(), kept.tolist(), strict=True):
            seen[artists[row]] = seen.get(artists[row], 0) + 1
            assert keeps == (seen[artists[row]] <= most)
    assert attributes.capped(order, 0).all()


def whole(attributes: Attributes) -> Answer:
    ids = attributes.songs.ids[::-1]
    return answer(ids.tolist(), np.linspace(1, 0.1, len(ids)).tolist())


def test_the_expected_answer_has_no_problem_and_others_have(attributes: Attributes) -> None:
    ranked, k = whole(attributes), 10
    request = Request((), k, years=(1960, 0), max_per_artist=3)
    judged = expected(request, ranked, attributes)
    right = ranked.ids[judged.left][:k]
    scores = ranked.scores[judged.left][:k]
    good = answer(right.tolist(), scores.tolist())
    assert judged.problem(good, k, exact=True) is None
    forbidden = next(
        song for song in ranked.ids.tolist() if song not in allowed(attributes, years=(1960, 0))
    )
    bad = answer([*right[:-1].tolist(), forbidden], scores.tolist())
    assert "is not what was asked for" in str(judged.problem(bad, k, exact=True))
    fewer = answer(right[:-1].tolist(), scores[:-1].tolist())
    assert "9 songs where 10 are left" in str(judged.problem(fewer, k, exact=True))
    other = answer(right.tolist(), [*scores[:-1].tolist(), 0.2])
    assert "another score" in str(judged.problem(other, k, exact=True))
    assert judged.problem(answer([], []), 0, exact=True) is None


def test_only_an_exact_engine_must_find_the_best(attributes: Attributes) -> None:
    ranked = whole(attributes)
    judged = without(Request((), 3, excluded_songs=(int(ranked.ids[1]),)), ranked)
    ids, scores = ranked.ids[[0, 3, 4]].tolist(), ranked.scores[[0, 3, 4]].tolist()
    assert judged.problem(answer(ids, scores), 3, exact=False) is None
    found = str(judged.problem(answer(ids, scores), 3, exact=True))
    assert found == f"song {ids[1]} at place 2, where {ranked.ids[2]} belongs"


# --- diversity ---


def pool(scores: list[float], alike: dict[tuple[int, int], float]) -> Pool:
    similarity = np.eye(len(scores))
    for (one, other), value in alike.items():
        similarity[one, other] = similarity[other, one] = value
    return Pool(answer([10 * (place + 1) for place in range(len(scores))], scores), similarity)


def picked(pool: Pool, places: list[int]) -> Answer:
    return answer(pool.songs.ids[places].tolist(), pool.songs.scores[places].tolist())


def test_each_pick_is_held_to_the_best_value() -> None:
    # Relevance is 1, 0.75, 0.5, 0: after the first, 1 loses half of a similarity of 1 to 2.
    of = pool([0.9, 0.8, 0.7, 0.5], {(0, 1): 1.0})
    assert of.problem(picked(of, [0, 2, 3]), 3, 0.5) is None
    assert "pick 2 is song 20" in str(of.problem(picked(of, [0, 1, 2]), 3, 0.5))
    assert of.problem(picked(of, [0, 1, 2]), 3, 0.0) is None
    assert "pick 1" in str(of.problem(picked(of, [1, 0, 2]), 3, 0.5))


def test_of_equal_values_the_higher_ranked_is_due() -> None:
    of = pool([0.9, 0.5, 0.5, 0.5], {})
    assert of.problem(picked(of, [0, 1, 2]), 3, 0.5) is None
    assert "not song 20" in str(of.problem(picked(of, [0, 2, 1]), 3, 0.5))
    # The first pick has no song to be like; a pool of equal scores has no relevance.
    flat = pool([0.5, 0.5, 0.5], {(0, 1): 0.5})
    assert flat.problem(picked(flat, [0, 2, 1]), 3, 0.5) is None


def test_picks_come_from_the_pool_with_its_scores_and_in_its_number() -> None:
    of = pool([0.9, 0.8, 0.7], {})
    assert "2 picks of 3" in str(of.problem(picked(of, [0, 1]), 3, 0.5))
    assert of.problem(picked(of, [0, 1, 2]), 9, 0.5) is None
    assert "not one of the best" in str(of.problem(answer([10, 99], [0.9, 0.8]), 2, 0.5))
    assert "another score" in str(of.problem(answer([10, 20], [0.9, 0.7]), 2, 0.5))
    assert (pool_size(1), pool_size(10), pool_size(11)) == (50, 50, 55)


def test_songs_are_alike_by_artist_and_shared_genres(attributes: Attributes) -> None:
    songs, ids = attributes.songs, attributes.songs.ids
    found = attributes.similarity(ids)
    for one, other in np.random.default_rng(2).integers(0, len(ids), (200, 2)).tolist():
        mine, theirs = set(songs.genres[one].tolist()), set(songs.genres[other].tolist())
        shared = len(mine & theirs) / len(mine | theirs) if mine and theirs else 0
        same = songs.artists[one] == songs.artists[other]
        assert found[one, other] == pytest.approx(same / 2 + shared / 2)


# --- requests ---


def test_requests_of_different_lengths_are_padded() -> None:
    tensors = tensors_of([Request((1, 2), genres=("jazz",)), Request((), 3, diversity=0.5)])
    assert tensors["listened_songs"].tolist() == [[1, 2], [-1, -1]]
    assert tensors["genres"].tolist() == [[b"jazz"], [b""]]
    assert tensors["excluded_songs"].tolist() == [[-1], [-1]]
    assert tensors["no_recom_songs"].tolist() == [10, 3]
    assert tensors["years"].tolist() == [[0, 0], [0, 0]]
    assert tensors["diversity"].dtype == np.float32


def test_an_example_is_as_small_as_the_problem_allows() -> None:
    big = Request(
        tuple(range(1, 21)), 100, excluded_songs=(1, 2), years=(1990, 0), genres=("a", "b")
    )
    small = shrunk(big, lambda one: "odd" if 7 in one.listened_songs and one.years[0] else None)
    assert small == Request((7,), 1, years=(1990, 0))
    assert small.options() == {"listened_songs": [7], "no_recom_songs": 1, "years": [1990, 0]}
