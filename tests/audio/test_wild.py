from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, calmed, find_wild, integrated_lufs, programme_lufs


def spiked(audio, *places, value=200.0):
    samples = audio.samples.copy()
    for place in places:
        samples[0, place] = value
    return Audio(samples, audio.sample_rate)


def test_single_wild_samples_are_found_and_evened_out(noise):
    audio = noise(4.0)
    wild = find_wild(spiked(audio, 50_000, 50_001, 90_000))
    assert wild.places == ((50_000, 50_002), (90_000, 90_001))
    assert wild.peak == 200.0
    assert "2 clicks, the first at 1.13 s" in wild.note(44_100)
    calm = calmed(spiked(audio, 50_000, 50_001, 90_000))
    changed = np.flatnonzero((calm.samples != audio.samples).any(axis=0))
    assert changed.tolist() == [50_000, 50_001, 90_000]
    assert np.abs(calm.samples).max() == np.abs(audio.samples).max()


@pytest.mark.parametrize("place", [0, 4 * 44_100 - 1, 1 << 18, (1 << 18) - 1])
def test_wild_samples_at_edges(noise, place):
    audio = noise(4.0) if place < 4 * 44_100 else noise(7.0)
    assert np.abs(calmed(spiked(audio, place)).samples).max() <= np.abs(audio.samples).max()


def test_drums_and_words_are_not_wild(demo, tone, noise):
    for audio in (demo["mix"], demo["drums"], tone(3.0), noise(3.0)):
        assert find_wild(audio) is None
        assert calmed(audio) is audio
    burst = noise(3.0, level=0.001).samples.copy()
    burst[:, 44_100:44_600] *= 500  # a clap in a quiet room, 11 ms long
    assert find_wild(Audio(burst, 44_100)) is None
    assert find_wild(Audio(np.zeros((1, 44_100), np.float32), 44_100)) is None


@pytest.mark.parametrize("gain_db", [0, -45, -66, -90, -120])
def test_quiet_recordings_have_a_loudness(demo, gain_db):
    mix = demo["mix"]
    quiet = Audio(mix.samples * np.float32(10 ** (gain_db / 20)), mix.sample_rate)
    expected = integrated_lufs(mix) + gain_db
    assert programme_lufs(quiet) == pytest.approx(expected, abs=0.02)
    assert programme_lufs(Audio(np.zeros((1, 44_100), np.float32), 44_100)) == -np.inf
