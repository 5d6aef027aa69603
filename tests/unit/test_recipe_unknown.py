"""What an unknown value becomes: what its artist, its genre and all songs let expect."""

from typing import Any

import numpy as np
import pytest

from recipe_songs import fitted, part_of, song
from segue_model.ingest.recipe import columns, featurize
from segue_model.ingest.recipe.moments import Sums
from segue_model.ingest.recipe.shrinking import doubt, shrunken

YEAR = columns.SCALARS.index("year")


def sums(groups: list[list[float]]) -> Sums:
    ids = np.repeat(np.arange(1, len(groups) + 1), [len(group) for group in groups])
    values = np.array([[value] for group in groups for value in group])
    return Sums.of(ids.astype(np.int32), values)


def test_doubt_is_the_variance_within_by_the_variance_between() -> None:
    # Three groups of two: within (2 + 2 + 2) / 3 = 2; between: variance of means 0, 4, 8 is 16,
    # less 2 / 2 of the means' own noise.
    assert doubt(sums([[-1, 1], [3, 5], [7, 9]]))[0] == pytest.approx(2 / 15)


def test_doubt_finds_the_variances_that_values_were_drawn_with() -> None:
    rng = np.random.default_rng(5)
    groups = [
        (center + rng.normal(0, 2, rng.integers(1, 8))).tolist()
        for center in rng.normal(50, 1, 20_000)
    ]
    assert doubt(sums(groups))[0] == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize(
    "groups",
    [
        [[1, 2], [2, 1]],  # no group differs from another more than chance has it
        [[1], [2], [3]],  # nothing tells how songs of a group differ
        [[1, 2, 3]],  # nothing tells how groups differ
        [[5, 5], [5, 5]],
        [[0.1] * 3, [0.1] * 7, [0.1] * 2],
        [],
    ],
)
def test_a_group_counts_for_nothing_where_nothing_says_that_groups_differ(
    groups: list[list[float]],
) -> None:
    found = doubt(sums(groups) if groups else Sums.of(np.zeros(1, np.int32), np.ones((1, 1))))
    assert found[0] == np.inf


def test_songs_that_are_all_like_their_group_leave_no_doubt() -> None:
    assert doubt(sums([[1, 1], [2, 2], [4, 4, 4]]))[0] == 0


def test_a_mean_counts_by_how_many_it_is_of() -> None:
    means = np.array([[10.0], [10.0], [np.nan]])
    counts = np.array([[1], [9], [0]])
    found = shrunken(means, counts, np.array([3.0]), np.zeros((3, 1)))
    assert found[:, 0].tolist() == [2.5, 7.5, 0]
    found = shrunken(means, counts, np.array([np.inf]), np.full((3, 1), 7.0))
    assert found[:, 0].tolist() == [7, 7, 7]
    found = shrunken(means, counts, np.array([0.0]), np.full((3, 1), 7.0))
    assert found[:, 0].tolist() == [10, 10, 7]


def songs_of_years() -> list[dict[str, Any]]:
    """Two genres of other years, in each artists of other years; the last songs have none."""
    rng = np.random.default_rng(4)
    known = [
        song(
            artist, [1 + artist % 2], year=int(1970 + 20 * (artist % 2) + artist + rng.integers(3))
        )
        for artist in range(1, 9)
        for _ in range(5)
    ]
    return [
        *known,
        song(8, [1], year=None),
        song(9, [2], year=None),
        song(9, [], year=None),
        song(9, [3], year=None),
    ]


def test_the_artist_is_asked_first_then_the_genre_then_all_songs() -> None:
    songs = songs_of_years()
    recipe = fitted(songs, [[]] * 9)
    found = featurize(part_of(songs), recipe)[-4:, YEAR]
    weight = 0.25 / np.sqrt(8)
    mean = np.mean([each["year"] for each in songs[:-4]])
    deviation = np.std([each["year"] for each in songs[:-4]])
    of = {
        group: np.mean([each["year"] for each in songs[:-4] if each[key] == group_key])
        for group, key, group_key in (
            ("artist", "artist_id", 8),
            ("genre 1", "genre_ids", [1]),
            ("genre 2", "genre_ids", [2]),
        )
    }
    years = mean + found / weight * deviation
    # Nearly the artist's mean; the genre's, drawn a little to the others; that of all, exactly.
    assert years[0] == pytest.approx(of["artist"], abs=0.4)
    assert of["genre 1"] < of["artist"]
    assert mean < years[1] < of["genre 2"]
    assert years[1] == pytest.approx(of["genre 2"], abs=1)
    assert found[2] == found[3] == 0


def test_what_is_expected_is_nearer_to_the_truth_than_the_mean_of_all_or_of_the_artist() -> None:
    rng = np.random.default_rng(6)
    genre = rng.normal(0, 3, 5)
    artist = rng.normal(0, 3, 400)
    songs = []
    for at in rng.integers(0, 400, 1500):
        loudness = -10 + genre[at % 5] + artist[at] + rng.normal(0, 5)
        songs.append(song(int(at) + 1, [int(at) % 5 + 1], loudness=float(loudness)))
    truth = np.array([each["loudness"] for each in songs])
    hidden = rng.random(len(songs)) < 0.3
    told = [
        {**each, "loudness": None} if hide else each
        for each, hide in zip(songs, hidden, strict=True)
    ]
    column = columns.SCALARS.index("loudness")
    recipe = fitted(told, [[]] * 400)
    found = featurize(part_of(told), recipe)[:, column] / (0.25 / np.sqrt(8))
    expected = found * recipe.scalars.deviations[column] + recipe.scalars.means[column]
    ids = np.array([each["artist_id"] for each in songs])
    own = np.array(
        [
            truth[(ids == at) & ~hidden].mean() if ((ids == at) & ~hidden).any() else -10
            for at in ids
        ]
    )

    def error(guess: np.ndarray | float) -> float:
        return float(np.sqrt(np.mean((guess - truth)[hidden] ** 2)))

    assert error(expected) < 0.95 * error(truth[~hidden].mean())
    assert error(expected) < 0.95 * error(own)


def test_unknown_sound_is_that_of_the_genre_and_never_that_of_the_artist() -> None:
    rng = np.random.default_rng(8)

    def sound(level: float) -> np.ndarray:
        return (level + rng.normal(0, 0.1, 180)).astype(np.float32)

    songs = [song(1 + at % 2, [1 + at % 2], sound=sound(at % 2)) for at in range(20)]
    songs += [song(1, [2]), song(1, [1]), song(1, [])]
    features = featurize(part_of(songs), fitted(songs, [[], []]))[:, 32:]
    other, own, none = features[-3:]
    assert (features[:20:2].mean(axis=0) < -0.02).all()
    np.testing.assert_allclose(other, features[1:20:2].mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(own, features[:20:2].mean(axis=0), atol=2e-3)
    assert (none == 0).all()


def test_an_artist_without_terms_lies_at_the_mean_of_its_genre_and_near_nobody_without_one() -> (
    None
):
    lists = [
        ["jazz", "swing"],
        ["jazz", "bebop"],
        ["metal", "doom"],
        ["metal", "bebop", "swing", "doom"],
        [],
    ]
    songs = [
        song(1, [1]),
        song(1, [1]),
        song(2, [1, 2]),
        song(3, [2]),
        song(4, [2]),
        song(5, [1]),
        song(5, []),
        song(5, [9]),
    ]
    terms = featurize(part_of(songs), fitted(songs, lists))[:, 8:32]
    np.testing.assert_allclose(terms[5], terms[:3].mean(axis=0), atol=2e-5)
    assert np.linalg.norm(terms[5]) < 0.999
    assert (terms[6:] == 0).all()
