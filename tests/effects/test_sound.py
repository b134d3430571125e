from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.effects import Mixed, Widened, record
from sayso.errors import Cancelled, ShapeError
from sayso.watch import Watch


def test_a_mix_is_the_plain_sum(noise, tone):
    one, two = noise(0.3), tone(0.3)
    mixed = Mixed([one, two])
    assert (mixed.channels, mixed.frames, mixed.sample_rate) == (2, one.frames, 44_100)
    assert np.abs(record(mixed).samples - one.samples - two.samples).max() < 1e-6


def test_only_sounds_of_one_shape_can_be_added(noise):
    with pytest.raises(ShapeError, match="2 x 4410 at 44100 Hz"):
        Mixed([noise(0.1), noise(0.2)])
    with pytest.raises(ShapeError, match="at least one"):
        Mixed([])


def test_mono_is_widened_and_stereo_left_alone(noise):
    mono, stereo = noise(0.1, channels=1), noise(0.1)
    assert np.array_equal(record(Widened(mono)).samples, np.repeat(mono.samples, 2, axis=0))
    assert np.array_equal(record(Widened(stereo)).samples, stereo.samples)


def test_recording_tells_progress_and_can_be_stopped(noise):
    told: list[float] = []
    mixed = Mixed([noise(1.0), noise(1.0)])
    record(mixed, watch=Watch(told.append))
    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        record(mixed, watch=Watch(cancelled=lambda: True))


def test_audio_is_not_recorded_again(noise):
    audio = noise(0.1)
    assert record(audio) is audio
    assert isinstance(record(Mixed([audio])), Audio)
