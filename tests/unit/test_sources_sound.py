"""How a song sounds: the statistics are numpy's own, in the order of their names."""

import numpy as np
import pytest

from segue_model.ingest.sound import SOUND_COLUMNS, sound_of
from segue_model.ingest.tracks import SOUND

RNG = np.random.default_rng(5)
TIMBRE, PITCHES = RNG.normal(20, 30, (900, 12)), RNG.random((900, 12))


def named(timbre: np.ndarray, pitches: np.ndarray, key: int | None = 0) -> dict[str, float]:
    return dict(zip(SOUND_COLUMNS, sound_of(timbre, pitches, key).tolist(), strict=True))


def test_each_number_has_a_name_of_its_own() -> None:
    assert len(set(SOUND_COLUMNS)) == len(SOUND_COLUMNS) == SOUND == 180
    assert SOUND_COLUMNS[11:13] == ("timbre_mean_11", "timbre_deviation_0")
    assert SOUND_COLUMNS[23:26] == (
        *("timbre_deviation_11", "timbre_covariance_0_1", "timbre_covariance_0_2"),
    )
    assert SOUND_COLUMNS[89:91] == ("timbre_covariance_10_11", "pitch_mean_0")


def test_the_numbers_are_means_deviations_and_covariances() -> None:
    sound = named(TIMBRE, PITCHES)
    for what, segments in (("timbre", TIMBRE), ("pitch", PITCHES)):
        covariances = np.cov(segments.T, bias=True)
        for a in range(12):
            assert sound[f"{what}_mean_{a}"] == pytest.approx(segments[:, a].mean(), 1e-5)
            assert sound[f"{what}_deviation_{a}"] == pytest.approx(segments[:, a].std(), 1e-5)
            for b in range(a + 1, 12):
                known = pytest.approx(covariances[a, b], 1e-5)
                assert sound[f"{what}_covariance_{a}_{b}"] == known


def test_pitches_are_counted_from_the_key_and_timbre_is_not() -> None:
    in_c, in_d = named(TIMBRE, PITCHES), named(TIMBRE, np.roll(PITCHES, 2, axis=1), 2)
    assert in_c == in_d
    assert in_c == named(TIMBRE, PITCHES, None)
    moved = named(TIMBRE, PITCHES, 7)
    assert moved["pitch_mean_0"] == in_c["pitch_mean_7"]
    assert moved["timbre_mean_0"] == in_c["timbre_mean_0"]


def test_a_single_segment_varies_by_nothing() -> None:
    sound = named(TIMBRE[:1], PITCHES[:1])
    assert {sound[name] for name in SOUND_COLUMNS if "mean" not in name} == {0}
    assert sound["timbre_mean_3"] == np.float32(TIMBRE[0, 3])


def test_what_is_read_is_left_as_it_is_and_its_layout_and_type_do_not_matter() -> None:
    before = TIMBRE.copy()
    columns_first = np.asfortranarray(TIMBRE)
    assert named(TIMBRE, PITCHES) == named(columns_first, PITCHES)
    np.testing.assert_array_equal(TIMBRE, before)
    np.testing.assert_array_equal(columns_first, before)
    timbre, pitches = TIMBRE.astype(np.float32), PITCHES.astype(np.float32)
    assert named(timbre, pitches) == named(timbre.astype(float), pitches.astype(float))


def test_what_overflows_is_infinite_and_not_a_warning() -> None:
    huge = np.array([[1e200] * 12, [-1e200] * 12])
    assert np.isinf(sound_of(huge, PITCHES, 0)[12])
    assert sound_of(huge, PITCHES, 0).dtype == np.float32
