from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.clean.config import load_config
from sayso.clean.pipeline import prepare
from sayso.clean.shifts import shifted
from sayso.desk.cleaning import Preprocess

RATE = 16_000
MIX = Audio(np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32) * 0.1, RATE)


def in_windows(mix, targets, *, watch=None):
    """A separator that errs by where it stands in its windows."""
    ripple = 1 + 0.5 * np.sin(2 * np.pi * np.arange(mix.frames) / 4000)
    return {target: Audio(mix.samples * ripple.astype(np.float32), RATE) for target in targets}


def test_the_mean_of_shifts_errs_less_and_keeps_its_place():
    off = [
        np.abs(shifted(in_windows, count)(MIX, ("speech",))["speech"].samples - MIX.samples).mean()
        for count in (1, 8)
    ]
    assert off[1] < 0.6 * off[0]


def test_shifts_change_nothing_of_a_separator_that_does_not_care():
    stems = shifted(lambda mix, targets, watch: {"speech": mix}, 3)(MIX, ("speech",))
    assert np.allclose(stems["speech"].samples, MIX.samples, atol=1e-6)


def test_rumble_is_taken_out():
    time = np.arange(2 * RATE) / RATE
    hum, voice = (np.sin(2 * np.pi * hz * time).astype(np.float32)[None] / 4 for hz in (20, 400))
    kept = prepare(Audio(hum, RATE), Preprocess(highpass_hz=70)).samples[:, RATE:]
    assert np.abs(kept).max() < 0.1 * np.abs(hum).max()
    kept = prepare(Audio(voice, RATE), Preprocess(highpass_hz=70)).samples[:, RATE:]
    assert np.abs(kept).max() == pytest.approx(0.25, rel=0.05)


def test_the_published_recipe_has_the_published_numbers():
    config = load_config("published")
    assert (config.denoise.wet, config.dry, config.loudness.lufs) == (0.35, 0.05, -16)
    assert config.postmask.beta == 1.5
    assert 10 ** (config.postmask.floor_db / 20) == pytest.approx(0.02, rel=0.01)
    assert [hearing.shifts for hearing in config.separation.separators] == [4, 2]
    assert {hearing.segment_s for hearing in config.separation.separators} == {6}
    assert config.preprocess.highpass_hz == 70
