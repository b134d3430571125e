from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import Audio, Resampler, resample
from sayso.errors import ShapeError

RATES = st.sampled_from([8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])


@given(low=RATES, high=RATES, frames=st.integers(1, 9000))
def test_a_round_trip_keeps_length_and_low_tones(low, high, frames):
    low, high = sorted((low, high))
    at = np.arange(frames) / low
    shape = np.hanning(frames + 2)[1:-1]
    audio = Audio((0.5 * shape * np.sin(2 * np.pi * 500 * at)).astype(np.float32)[None], low)
    up = resample(audio, high)
    assert up.frames == max(1, round(frames * high / low))
    back = resample(up, low)
    assert abs(back.frames - frames) <= 1
    if frames > 2000:
        length = min(back.frames, frames)
        assert np.abs(back.samples[:, :length] - audio.samples[:, :length]).max() < 2e-3


def test_blocks_give_what_the_whole_gives(noise):
    audio = noise(0.5)
    stream = Resampler(44_100, 48_000, channels=2)
    parts = [stream.push(block) for block in audio.blocks(777)] + [stream.flush()]
    assert np.allclose(np.concatenate(parts, axis=1), resample(audio, 48_000).samples, atol=1e-6)


def test_no_change_of_rate_is_no_work(noise):
    audio = noise(0.1)
    assert resample(audio, audio.sample_rate) is audio


def test_impossible_rates_are_refused(noise):
    with pytest.raises(ShapeError, match="12 Hz"):
        resample(noise(0.1), 12)
