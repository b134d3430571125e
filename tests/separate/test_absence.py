"""What lies far below the mixture is turned down; the rest is left as it is."""

import numpy as np
import pytest

from sayso.separate.absence import HELD_DB, RANGE_DB, SLOPE, THRESHOLD_DB, absence_gain

RATE = 43.0


def gains_db(level_db: float) -> np.ndarray:
    mix = np.ones(1000, np.float32)
    return 20 * np.log10(absence_gain(mix * 10 ** (level_db / 10), mix, frame_rate=RATE))


def test_leaves_what_is_loud_enough_alone() -> None:
    assert np.all(gains_db(THRESHOLD_DB + 0.1) == 0)


@pytest.mark.parametrize("level_db", [-15.0, -17.0, -25.0])
def test_turns_down_by_the_distance_below_the_threshold(level_db: float) -> None:
    wanted = max(SLOPE * (level_db - THRESHOLD_DB), -RANGE_DB)
    np.testing.assert_allclose(gains_db(level_db), wanted, atol=1e-3)


def test_turns_down_no_further_than_its_range() -> None:
    np.testing.assert_allclose(gains_db(-90.0), -RANGE_DB, atol=1e-3)


def test_does_not_depend_on_the_mixtures_loudness_and_takes_silence() -> None:
    rng = np.random.default_rng(0)
    mix = rng.random(500).astype(np.float32)
    stem = mix * rng.random(500).astype(np.float32) * 0.2
    loud = absence_gain(stem * 1e4, mix * 1e4, frame_rate=RATE)
    np.testing.assert_allclose(absence_gain(stem, mix, frame_rate=RATE), loud, rtol=1e-4)
    assert np.all(absence_gain(mix * 0, mix * 0, frame_rate=RATE) == 1)


def test_a_sound_that_is_clearly_there_for_a_while_is_kept_before_and_after() -> None:
    stem, mix = np.full(4000, 1e-3), np.ones(4000)
    stem[1900:2300] = 0.5
    assert np.all(absence_gain(stem, mix, frame_rate=RATE) == 1)
    faint = absence_gain(stem / 8, mix, frame_rate=RATE)
    assert faint.max() < 1
    np.testing.assert_allclose(faint.min(), faint.max() * 10 ** (-SLOPE * HELD_DB / 20), rtol=1e-3)


def test_silence_in_the_mixture_says_nothing() -> None:
    stem, mix = np.full(6000, 1e-3), np.ones(6000)
    stem[:3000] = mix[:3000] = 0.0
    assert absence_gain(stem, mix, frame_rate=RATE)[3500:].max() < 0.1
