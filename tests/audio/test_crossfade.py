from __future__ import annotations

import numpy as np
import pytest

from sayso.audio.crossfade import crossfade


@pytest.fixture
def takes():
    return np.random.default_rng(2).standard_normal((2, 2, 20_000)).astype(np.float32)


def test_a_sound_into_itself_is_untouched(takes):
    assert np.abs(crossfade(takes[0], takes[0]) - takes[0]).max() < 1e-5


def test_unlike_sounds_keep_an_even_power(takes):
    power = np.mean(crossfade(takes[0], takes[1]).reshape(2, 10, -1) ** 2, axis=(0, 2))
    assert power == pytest.approx(np.ones(10), abs=0.15)


def test_silence_makes_it_a_fade(takes):
    out = crossfade(takes[0], np.zeros_like(takes[0]))
    assert abs(out[0, 0] / takes[0, 0, 0] - 1) < 1e-3
    assert np.abs(out[:, -1]).max() < 1e-3
    rising = crossfade(np.zeros_like(takes[0]), takes[0])
    assert np.abs(rising[:, 0]).max() < 1e-3


def test_opposite_phases_give_no_step(takes):
    out = crossfade(takes[0], -takes[0])
    assert np.abs(out).max() <= np.abs(takes[0]).max() + 1e-5


def test_nothing_to_fade():
    assert crossfade(np.zeros((1, 0), np.float32), np.zeros((1, 0), np.float32)).shape == (1, 0)
