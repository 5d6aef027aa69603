"""The figures behind the report, against slower ways to the same."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from segue_model.data.columns import Features, Genres, Listens, Ragged, texts
from segue_model.data.dataset import Dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.report import feature_columns, genres, listening, neighbors, spreads, words


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return synthetic_dataset(400, 50, 11)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything that goes block by block go through several, and a last one cut short."""
    monkeypatch.setattr(neighbors, "BLOCK", 7)
    monkeypatch.setattr(listening, "BLOCK", 100)
    monkeypatch.setattr(feature_columns, "COLUMNS_AT_ONCE", 3)


def test_the_nearest_have_the_highest_cosines(dataset: Dataset) -> None:
    values = dataset.features.values.astype(np.float64)
    rows = np.array([0, 3, 399])
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    for row, (near, cosines) in zip(
        rows, neighbors.nearest(dataset.features.values, rows), strict=True
    ):
        every = unit @ unit[row]
        every[row] = -np.inf
        assert near.tolist() == np.argsort(-every, kind="stable")[:5].tolist()
        assert cosines == pytest.approx(np.sort(every)[::-1][:5])


def test_of_equals_the_first_is_nearest_and_rows_of_nothing_never_are() -> None:
    values = np.zeros((30, 2), np.float32)
    values[[2, 9, 17, 29]] = [[1, 1], [2, 2], [4, 4], [1, -1]]
    found = neighbors.nearest(values, np.array([9, 0]))
    assert found[0][0].tolist() == [2, 17, 29]
    assert found[0][1] == pytest.approx([1, 1, 0])
    assert len(found[1][0]) == 0


def test_the_best_known_songs_are_each_of_another_artist(dataset: Dataset) -> None:
    songs, wanted, artists = dataset.songs, [], set()
    for row in sorted(range(400), key=lambda row: (-songs.popularity[row], songs.ids[row])):
        if songs.artists[row] not in artists:
            artists.add(songs.artists[row])
            wanted.append(row)
    assert neighbors.best_known(songs).tolist() == wanted[:12]


def test_where_nothing_is_popular_the_largest_artists_go_first(dataset: Dataset) -> None:
    songs = replace(dataset.songs, popularity=np.zeros(400))
    sizes = Counter(songs.artists.tolist())
    best = neighbors.best_known(songs)
    assert [sizes[songs.artists[row]] for row in best] == sorted(sizes.values(), reverse=True)[:12]
    assert len(set(songs.artists[best])) == 12


def test_neighbors_are_named_and_marked_when_of_the_same_artist(dataset: Dataset) -> None:
    songs = dataset.songs
    for row, found in zip(
        neighbors.best_known(songs), neighbors.neighborhoods(dataset), strict=True
    ):
        (near, _), *_ = neighbors.nearest(dataset.features.values, np.array([row]))
        assert found.song.title == songs.titles[row]
        assert found.popularity == songs.popularity[row]
        for other, neighbor in zip(near, found.neighbors, strict=True):
            assert neighbor.song.title == songs.titles[other]
            assert neighbor.song.artist == dataset.artists.names[songs.artists[other] - 1]
            assert neighbor.same_artist == (songs.artists[other] == songs.artists[row])


def test_listens_and_plays_are_counted(dataset: Dataset) -> None:
    # Ids with holes between them, as those of a catalog that has lost songs.
    holes = dataset.songs.ids * 3
    listens = replace(dataset.listens, songs=dataset.listens.songs * 3)
    sparse = replace(dataset, songs=replace(dataset.songs, ids=holes), listens=listens)
    heard = listening.listening(sparse)
    songs = Counter(listens.songs.tolist())
    assert heard.of_songs.tolist() == [songs[song] for song in holes.tolist()]
    plays = Counter[int]()
    for listener, count in zip(listens.listeners.tolist(), listens.plays.tolist(), strict=True):
        plays[listener] += count
    assert heard.of_listeners.tolist() == list(plays.values())
    assert heard.plays == plays.total()


def test_plays_beyond_int32_are_counted() -> None:
    many = np.full(3, 2**31 - 1, np.int32)
    ones = np.ones(3, np.int32)
    listens = Listens(ones, np.array([1, 2, 3], np.int32), many)
    little = replace(synthetic_dataset(3, 0, 1), listens=listens)
    assert listening.listening(little).plays == 3 * (2**31 - 1)


def test_the_tail_tells_what_the_most_heard_songs_have() -> None:
    found = listening.tail(np.array([0, 10, 60, 20, 10, 0, 0, 0, 0, 0]))
    assert dict(zip(found.songs.tolist(), found.listens.tolist(), strict=True)) == pytest.approx(
        {0.1: 0.6, 0.2: 0.8, 0.3: 0.9, **{share / 10: 1.0 for share in range(4, 11)}}
    )
    assert found.half == 0.1
    assert found.of_top(0.1) == pytest.approx(0.6)
    assert listening.tail(np.ones(10, np.int64)).half == 0.5


def test_columns_are_told_as_numpy_tells_them(dataset: Dataset) -> None:
    values = dataset.features.values.copy()
    values[17, 4] = 1e3
    values[5] = 0
    found = feature_columns.feature_columns(replace(dataset.features, values=values))
    exact = np.sort(values.astype(np.float64), axis=0)
    places = [0, 4, 100, 200, 299, 395, 399]
    assert found.quantiles == pytest.approx(exact[places].T)
    assert found.means == pytest.approx(exact.mean(axis=0))
    assert found.deviations == pytest.approx(exact.std(axis=0))
    distances = np.abs(exact - exact.mean(axis=0)) / exact.std(axis=0)
    assert found.furthest == pytest.approx(distances.max(axis=0))
    assert found.far == pytest.approx((distances > 4).mean(axis=0))
    assert found.silent == 1
    assert found.most_outlying(1) == [4]


def test_a_column_of_one_value_is_constant_and_has_no_outlier() -> None:
    values = np.array([[0.1, 1], [0.1, 2], [0.1, 3]], np.float32)
    found = feature_columns.feature_columns(Features(("a", "b"), values, ""))
    assert found.constant == ["a"]
    assert found.most_outlying(8) == [1]
    assert found.deviations[0] == 0


def test_numbered_columns_run_under_one_name() -> None:
    names = ("tempo", "term_0", "term_1", "cov_0_1", "cov_0_2", "cov_1_2", "mode", "pitch_3")
    runs = list(feature_columns.runs(names))
    assert runs == [
        ("tempo", 0, 1),
        ("term", 1, 2),
        ("cov", 3, 3),
        ("mode", 6, 1),
        ("pitch_3", 7, 1),
    ]


def test_a_histogram_has_every_value_once() -> None:
    values = np.concatenate([np.arange(100, 200, 1 / 16), [1e6]]).astype(np.float32)
    found = spreads.linear_histogram(values, 5, 40)
    assert found.edges.tolist() == list(range(100, 205, 5))
    assert found.counts.tolist() == [80] * 20
    assert found.beyond == 1
    assert spreads.linear_histogram(values, 5, 19).edges.tolist() == list(range(100, 210, 10))


def test_a_value_on_an_edge_is_in_the_bin_that_begins_there() -> None:
    found = spreads.linear_histogram(np.array([5, 10, 10, 14.9]), 5, 40)
    assert found.edges.tolist() == [5, 10, 15]
    assert found.counts.tolist() == [1, 3]


def test_bins_double_from_the_least_value() -> None:
    found = spreads.doubling_histogram(np.array([1, 1, 2, 3, 4, 7, 8, 100]))
    assert found.edges.tolist() == [1, 2, 4, 8, 16, 32, 64, 128]
    assert found.counts.tolist() == [2, 2, 2, 1, 0, 0, 1]
    assert found.beyond == 0


def test_popularities_double_whatever_their_rounding() -> None:
    for listeners in (3, 7, 49, 6232):
        shares = np.array([1, 2, 4, 8]) * (1 / listeners)
        assert spreads.doubling_histogram(shares).counts.tolist() == [1, 1, 1, 1]


def test_what_is_tiny_beside_the_largest_gets_no_bins_of_its_own() -> None:
    found = spreads.doubling_histogram(np.array([1e-300, 0.5, 1.0]))
    assert len(found.counts) == 31
    assert found.beyond == 1


def test_the_quartiles_are_values_that_are_there() -> None:
    found = spreads.spread(np.array([4, 1, 3, 2]))
    assert found == spreads.Spread(least=1, low=1, middle=2, high=3, most=4)


def test_a_genre_fares_by_its_share_of_the_songs_around_a_year(dataset: Dataset) -> None:
    years = np.repeat(np.array([1990, 1991, 1996, 0], np.int32), 100)
    belongs = Ragged.of([(2, 1) if row < 150 else (1,) for row in range(400)])
    named = Genres(np.array([1, 2, 3], np.int32), texts(["all", "old", "none"]))
    dated = replace(dataset.songs, years=years, genres=belongs)
    found = genres.courses(replace(dataset, songs=dated, genres=named), 1980, 2000)
    shares = {
        course.name: dict(zip(course.years.tolist(), course.shares.tolist(), strict=True))
        for course in found
    }
    assert list(shares) == ["all", "old"]
    assert list(shares["old"]) == list(range(1988, 1999))
    assert shares["old"] == pytest.approx(
        {
            1988: 1.0,
            **dict.fromkeys(range(1989, 1993), 0.75),
            1993: 0.5,
            **dict.fromkeys(range(1994, 1999), 0.0),
        }
    )
    assert found[1].years[found[1].peak] == 1988


def test_years_of_too_few_songs_tell_nothing(dataset: Dataset) -> None:
    years = np.repeat(np.array([1990, 1999, 2009, 0], np.int32), [20, 19, 20, 341])
    dated = replace(dataset.songs, years=years, genres=Ragged.of([(1,)] * 400))
    (course,) = genres.courses(replace(dataset, songs=dated), 1980, 2010)
    known = course.years[~np.isnan(course.shares)]
    assert known.tolist() == [*range(1988, 1993), *range(2007, 2011)]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (words.number(1234567), "1,234,567"),
        (words.share(0), "0%"),
        (words.share(1), "100%"),
        (words.share(0.0004), "<0.1%"),
        (words.share(0.9996), ">99.9%"),
        (words.share(0.1234), "12.3%"),
        (words.compact(950), "950"),
        (words.compact(1500), "1.5k"),
        (words.compact(20_000_000), "20M"),
        (words.clock(59.6), "1:00"),
        (words.clock(4000), "66:40"),
        (words.figure(-0.0001), "0.000"),
        (words.counted(1, "song"), "1 song"),
        (words.counted(1200, "song"), "1,200 songs"),
        (words.doubled(1), "1"),
        (words.doubled(4), "4\N{EN DASH}7"),
        (words.doubled(1024), "1.02k+"),
    ],
)
def test_numbers_are_worded_for_people(told: str, text: str) -> None:
    assert told == text
