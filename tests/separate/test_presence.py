"""A sound that is not in a recording is told of, with its level."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.separate.presence import absence_note, presence_db

RATE = 8000


def hiss(seconds=20.0, level=0.1):
    rng = np.random.default_rng(4)
    samples = level * rng.standard_normal((2, round(seconds * RATE)))
    return Audio(samples.astype(np.float32), RATE)


def scaled(audio, gain):
    return Audio((audio.samples * np.float32(gain)).astype(np.float32), RATE)


@pytest.mark.parametrize(
    ("gain_db", "absent"), [(0, False), (-20, False), (-28, False), (-45, True)]
)
def test_what_lies_far_below_the_recording_is_not_heard(gain_db, absent):
    mix = hiss()
    stem = scaled(mix, 10 ** (gain_db / 20))
    assert presence_db(stem, mix) == pytest.approx(gain_db, abs=1)
    note = absence_note("guitar", stem, mix)
    assert (note is not None) == absent
    if absent:
        assert note == "guitar is not heard in this recording: 45 dB below it"


def test_one_bark_in_a_long_recording_is_heard():
    mix = hiss(120)
    bark = np.zeros_like(mix.samples)
    bark[:, 50 * RATE : 50 * RATE + RATE // 2] = 0.1
    assert absence_note("dog barking", Audio(bark, RATE), mix) is None


def test_silence_in_a_recording_does_not_lower_its_level():
    mix = np.concatenate([hiss(10).samples, np.zeros((2, 90 * RATE), np.float32)], axis=1)
    stem = scaled(Audio(mix, RATE), 10 ** (-35 / 20))
    assert "35 dB" in absence_note("choir", stem, Audio(mix, RATE))


def test_silence_is_told_as_such():
    nothing = Audio(np.zeros((1, 900), np.float32), RATE)
    note = absence_note("piano", nothing, Audio(np.ones((1, 900), np.float32), RATE))
    assert note == "piano is not heard in this recording: it is silent"
    assert presence_db(nothing, nothing) == 0.0
