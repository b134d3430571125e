"""What a model misses of a sound, another adds; what neither hears stays silent."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.separate.helping import helped

RATE = 8000


@pytest.fixture
def sounds():
    """A voice `[2, 4 s]` and all else, equally loud."""
    rng = np.random.default_rng(5)
    return rng.standard_normal((2, 2, 4 * RATE)).astype(np.float32)


def answer(mix, found, other):
    whole = [Audio(np.asarray(x, np.float32), RATE) for x in (mix, found, other)]
    return helped(*whole).samples


def test_a_voice_that_is_half_missed_comes_nearer(sounds):
    voice, rest = sounds
    missed = 0.3 * voice
    got = answer(voice + rest, missed, voice)
    assert np.mean((got - voice) ** 2) < 0.3 * np.mean((missed - voice) ** 2)


@pytest.mark.parametrize("other_db", [0, -40])
def test_a_voice_that_is_known_stays_as_it_was(sounds, other_db):
    voice, rest = sounds
    got = answer(voice + rest, voice, 10 ** (other_db / 20) * (voice + rest) / 2)
    assert np.array_equal(got, voice)


def test_a_voice_that_is_not_there_stays_silent(sounds):
    _, rest = sounds
    got = answer(rest, 0.01 * rest, 0.5 * rest)
    assert np.array_equal(got, np.float32(0.01) * rest)


def test_only_the_stretch_that_was_missed_changes(sounds):
    voice, rest = sounds
    found = voice.copy()
    found[:, 2 * RATE :] *= 0.2
    got = answer(voice + rest, found, voice)
    assert np.array_equal(got[:, :RATE], voice[:, :RATE])
    assert np.mean((got - voice)[:, 3 * RATE :] ** 2) < 0.3 * np.mean(
        (found - voice)[:, 3 * RATE :] ** 2
    )


@pytest.mark.parametrize("frames", [1, 399, 401])
def test_any_length_is_kept(frames):
    silence = np.zeros((1, frames), np.float32)
    assert answer(silence, silence, silence).shape == (1, frames)
