"""Who is learned from and who is guessed: nothing of what is guessed may reach an engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue_model.data.columns import Listens
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.synthetic import synthetic_dataset
from segue_model.evaluation.cold import ColdSplit, cold_split
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.material import facts, material_of
from segue_model.evaluation.split import HeldOut, Plan, Split, split
from segue_model.evaluation.training_data import training_dataset


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return replace(synthetic_dataset(1500, 300, 2), fingerprint="whole")


@pytest.fixture(scope="module")
def parts(dataset: Dataset) -> Split:
    return split(interactions_of(dataset), Plan())


def with_listens(dataset: Dataset, *songs_of_listeners: range) -> Dataset:
    """Return the dataset with these listens alone; listeners are 1, 2, …"""
    pairs = [(at + 1, song) for at, songs in enumerate(songs_of_listeners) for song in songs]
    listeners, songs = np.array(pairs, np.int32).T
    return replace(dataset, listens=Listens(listeners, songs, np.ones_like(songs)))


def listens_of(dataset: Dataset) -> dict[int, set[int]]:
    """Return the rows of each listener's songs."""
    found: dict[int, set[int]] = {}
    for listener, song in zip(dataset.listens.listeners, dataset.listens.songs, strict=True):
        found.setdefault(int(listener), set()).add(int(song) - 1)
    return found


def rows(matrix: object, at: int) -> set[int]:
    return set(matrix[at].indices.tolist())  # type: ignore[index]


def test_every_listener_of_enough_songs_is_in_exactly_one_part(
    dataset: Dataset, parts: Split
) -> None:
    expected = {one for one, songs in listens_of(dataset).items() if len(songs) >= 5}
    found = [*parts.training, *parts.validation.listeners, *parts.test.listeners]
    assert len(found) == len(set(found)) == len(expected) - parts.dropped
    assert set(found) <= expected
    assert len(parts.validation) + len(parts.test) + parts.dropped == 2 * round(0.1 * len(expected))


def test_the_songs_are_those_of_training_listeners(dataset: Dataset, parts: Split) -> None:
    listens = listens_of(dataset)
    heard = set().union(*(listens[one] for one in parts.training.tolist()))
    assert parts.songs.tolist() == sorted(heard)
    assert len(heard) < 1500


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_fifth_of_what_training_listeners_know_is_guessed_and_the_rest_shown(
    dataset: Dataset, parts: Split, part: str
) -> None:
    held_out: HeldOut = getattr(parts, part)
    listens, songs = listens_of(dataset), set(parts.songs.tolist())
    assert len(held_out) > 20
    for at, listener in enumerate(held_out.listeners.tolist()):
        shown, targets = rows(held_out.shown, at), rows(held_out.targets, at)
        assert not shown & targets
        assert shown | targets == listens[listener] & songs
        assert len(targets) == max(1, int(0.2 * len(shown | targets)))
        assert shown
    assert held_out.shown.has_sorted_indices
    assert held_out.targets.has_sorted_indices


def test_what_is_guessed_is_drawn_at_random(dataset: Dataset, parts: Split) -> None:
    places = []
    for at in range(len(parts.test)):
        songs = sorted(rows(parts.test.shown, at) | rows(parts.test.targets, at))
        places += [songs.index(one) / (len(songs) - 1) for one in rows(parts.test.targets, at)]
    assert 0.4 < np.mean(places) < 0.6
    assert np.std(places) > 0.2


def test_the_same_seed_splits_the_same_and_another_differently(
    dataset: Dataset, parts: Split
) -> None:
    again = split(interactions_of(dataset), Plan())
    other = split(interactions_of(dataset), Plan(seed=1))
    assert np.array_equal(again.training, parts.training)
    assert (again.test.targets != parts.test.targets).nnz == 0
    assert not np.array_equal(other.training, parts.training)


def test_plays_change_nothing(dataset: Dataset, parts: Split) -> None:
    listens = replace(dataset.listens, plays=dataset.listens.plays * 3)
    again = split(interactions_of(replace(dataset, listens=listens)), Plan())
    assert np.array_equal(again.training, parts.training)
    assert (again.test.targets != parts.test.targets).nnz == 0
    assert set(again.test.targets.data.tolist()) == {1}


def test_rare_songs_are_left_out_before_listeners_are_counted(dataset: Dataset) -> None:
    # Songs 1-5 have 30 listeners; the last listener has five songs, of which two are rare.
    few = with_listens(dataset, *[range(1, 6)] * 30, range(3, 8))
    parts = split(interactions_of(few), Plan(min_listeners=2))
    everybody = {*parts.training, *parts.validation.listeners, *parts.test.listeners}
    assert everybody == set(range(1, 31))
    assert set(parts.songs.tolist()) == {0, 1, 2, 3, 4}
    parts = split(interactions_of(few), Plan())
    assert 31 in {*parts.training, *parts.validation.listeners, *parts.test.listeners}


def test_held_out_listeners_are_a_number_or_a_share(dataset: Dataset) -> None:
    many = with_listens(dataset, *[range(1, 7)] * 50)
    interactions = interactions_of(many)
    assert len(split(interactions, Plan(held_out=0.2)).test) == 10
    assert len(split(interactions, Plan(held_out=0.2)).training) == 30
    assert len(split(interactions, Plan(held_out=3)).validation) == 3


def test_a_share_holds_out_ten_thousand_at_most(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue_model.evaluation.split.MOST_BY_SHARE", 4)
    many = interactions_of(with_listens(dataset, *[range(1, 7)] * 50))
    assert len(split(many, Plan(held_out=0.2)).test) == 4
    assert len(split(many, Plan(held_out=8)).test) == 8


def test_listeners_without_two_known_songs_are_dropped_and_counted(dataset: Dataset) -> None:
    common, own = [range(1, 7)] * 40, [range(100 + 6 * at, 106 + 6 * at) for at in range(40)]
    parts = split(interactions_of(with_listens(dataset, *common, *own)), Plan(held_out=20))
    held_out = {*parts.validation.listeners, *parts.test.listeners}
    assert held_out <= set(range(1, 41))
    assert parts.dropped == 40 - len(held_out) > 5


def test_too_few_listeners_are_told_with_their_number(dataset: Dataset) -> None:
    few = interactions_of(with_listens(dataset, *[range(1, 6)] * 4, range(1, 5)))
    with pytest.raises(EvaluationError, match="4 listeners with 5 songs or more are too few"):
        split(few, Plan(held_out=2))
    with pytest.raises(EvaluationError, match="0 listeners with 9 songs"):
        split(few, Plan(min_songs=9))


def test_strangers_alone_cannot_be_guessed(dataset: Dataset) -> None:
    own = [range(1 + 6 * at, 7 + 6 * at) for at in range(30)]
    with pytest.raises(EvaluationError, match="no held-out listener has two songs"):
        split(interactions_of(with_listens(dataset, *own)), Plan())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seed": -1}, "seed: "),
        ({"held_out": 0.0}, "held_out: "),
        ({"held_out": 0.5}, "held_out: "),
        ({"held_out": 1.5}, "held_out: "),
        ({"held_out": -2}, "held_out: "),
        ({"min_songs": 1}, "min_songs: "),
        ({"min_listeners": -1}, "min_listeners: "),
        ({"cold": 1.0}, "cold: "),
        ({"cold": -0.1}, "cold: "),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(**fields)  # type: ignore[arg-type]


def test_training_data_holds_nothing_of_held_out_listeners(dataset: Dataset, parts: Split) -> None:
    training = training_dataset(dataset, parts)
    assert set(training.listens.listeners.tolist()) == set(parts.training.tolist())
    whole = listens_of(dataset)
    plays = {
        (int(one), int(song)): int(count)
        for one, song, count in zip(
            dataset.listens.listeners, dataset.listens.songs, dataset.listens.plays, strict=True
        )
    }
    assert len(training.listens.songs) == sum(len(whole[one]) for one in parts.training.tolist())
    for one, song, count in zip(
        training.listens.listeners, training.listens.songs, training.listens.plays, strict=True
    ):
        assert plays[int(one), int(song)] == count


def test_training_popularity_is_counted_among_training_listeners(
    dataset: Dataset, parts: Split
) -> None:
    training = training_dataset(dataset, parts)
    whole = listens_of(dataset)
    for song, popularity in zip(training.songs.ids, training.songs.popularity, strict=True):
        heard = sum(int(song) - 1 in whole[one] for one in parts.training.tolist())
        assert popularity == heard / len(parts.training)


def test_training_songs_are_those_of_the_split_as_they_were(dataset: Dataset, parts: Split) -> None:
    training = training_dataset(dataset, parts)
    assert training.songs.ids.tolist() == dataset.songs.ids[parts.songs].tolist()
    assert np.array_equal(training.features.values, dataset.features.values[parts.songs])
    assert training.songs.titles.tolist() == dataset.songs.titles[parts.songs].tolist()
    for at, row in enumerate(parts.songs.tolist()):
        assert training.songs.genres[at].tolist() == dataset.songs.genres[row].tolist()
    assert training.fingerprint == "whole"


def test_training_data_can_be_written_and_read_back(
    dataset: Dataset, parts: Split, tmp_path: Path
) -> None:
    training = training_dataset(dataset, parts)
    write_dataset(tmp_path / "training", training)
    read = read_dataset(tmp_path / "training")
    assert read.songs.ids.tolist() == training.songs.ids.tolist()
    assert read.listens.songs.tolist() == training.listens.songs.tolist()
    assert read.source["training_split"] == {
        "of": "whole",
        "seed": 98_765,
        "held_out": 0.1,
        "min_songs": 5,
        "min_listeners": 0,
    }


@pytest.fixture(scope="module")
def cold(parts: Split) -> ColdSplit:
    found = cold_split(parts)
    assert found
    return found


def test_cold_songs_are_a_share_of_the_songs(parts: Split, cold: ColdSplit) -> None:
    assert len(cold.songs) == round(0.1 * len(parts.songs))
    assert set(cold.songs.tolist()) < set(parts.songs.tolist())
    assert cold.songs.tolist() == sorted(set(cold.songs.tolist()))


def test_no_listen_of_a_cold_song_is_learned_from_or_shown(
    dataset: Dataset, parts: Split, cold: ColdSplit
) -> None:
    training = training_dataset(dataset, parts, cold.songs)
    heard = set((training.listens.songs - 1).tolist())
    assert heard == set(parts.songs.tolist()) - set(cold.songs.tolist())
    assert training.songs.ids.tolist() == dataset.songs.ids[parts.songs].tolist()
    places = np.searchsorted(training.songs.ids, dataset.songs.ids[cold.songs])
    assert not training.songs.popularity[places].any()
    assert not set(cold.shown.indices.tolist()) & set(cold.songs.tolist())


def test_cold_targets_are_all_cold_songs_of_a_listener_and_warm_ones_those_of_the_split(
    parts: Split, cold: ColdSplit
) -> None:
    chosen, kept = set(cold.songs.tolist()), 0
    for at in range(len(parts.test)):
        shown, targets = rows(parts.test.shown, at), rows(parts.test.targets, at)
        if not shown - chosen or not (targets - chosen or (shown | targets) & chosen):
            continue
        assert rows(cold.shown, kept) == shown - chosen
        assert rows(cold.warm, kept) == targets - chosen
        assert rows(cold.cold, kept) == (shown | targets) & chosen
        kept += 1
    assert kept == cold.shown.shape[0] == cold.warm.shape[0] == cold.cold.shape[0]
    assert cold.cold.has_sorted_indices


def test_no_share_of_songs_is_no_cold_protocol(dataset: Dataset) -> None:
    material = material_of(dataset, Plan(cold=0))
    assert material.cold is None
    assert material.cold_training is None


def test_which_songs_are_cold_does_not_change_who_is_held_out(
    dataset: Dataset, parts: Split
) -> None:
    material = material_of(dataset, Plan(cold=0.3))
    assert np.array_equal(material.split.training, parts.training)
    assert (material.split.test.targets != parts.test.targets).nnz == 0


def test_facts_count_what_there_is(dataset: Dataset, parts: Split) -> None:
    found = facts(material_of(dataset, Plan()))
    assert found.songs == len(parts.songs)
    assert found.training_listeners == len(parts.training)
    assert found.test_listeners == len(parts.test)
    assert found.shown == parts.test.shown.nnz
    assert found.targets == parts.test.targets.nnz
    assert found.cold_songs == round(0.1 * len(parts.songs))
