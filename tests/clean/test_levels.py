"""Quiet is not silent, one wild sample decides nothing, and no target is missed without a word."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, integrated_lufs
from sayso.clean import clean_audio, load_config
from sayso.errors import SilenceError
from sayso.timeline import find_silences

CONFIG = load_config("fast")


def times(audio, factor):
    return Audio(audio.samples * np.float32(factor), audio.sample_rate)


@pytest.mark.parametrize("factor", [1e-3, 3e-5])
def test_quiet_speech_is_cleaned_like_loud_speech(speak, factor):
    loud = speak(3.0)
    expected, found = (clean_audio(audio, CONFIG) for audio in (loud, times(loud, factor)))
    error = np.abs(found.audio.samples - expected.audio.samples).max()
    assert error < 0.02 * np.abs(expected.audio.samples).max()
    assert integrated_lufs(found.audio) == pytest.approx(-23, abs=0.1)
    with pytest.raises(SilenceError):
        clean_audio(times(loud, 0), CONFIG)


def test_one_wild_sample_changes_nothing_and_is_told(speak):
    audio = speak(3.0)
    samples = audio.samples.copy()
    samples[0, 20_000] = 200.0
    expected, found = clean_audio(audio, CONFIG), clean_audio(Audio(samples, 16_000), CONFIG)
    error = np.abs(found.audio.samples - expected.audio.samples).max()
    assert error < 0.02 * np.abs(expected.audio.samples).max()
    assert not [note for note in expected.notes if "click" in note]
    assert [
        "click of a few samples at 1.25 s" in note for note in found.notes if "click" in note
    ] == [True]


def test_clipping_is_told(speak):
    audio = speak(2.0)
    clipped = Audio(np.clip(4 * audio.samples, -0.5, 0.5), audio.sample_rate)
    assert any("clipped" in note for note in clean_audio(clipped, CONFIG).notes)
    assert not any("clipped" in note for note in clean_audio(audio, CONFIG).notes)


def test_a_loudness_out_of_reach_is_told_with_its_reason(speak):
    config = load_config("fast", ["loudness.lufs=-6", "loudness.ceiling_db=-9"])
    found = clean_audio(speak(3.0), config)
    reached = integrated_lufs(found.audio)
    assert reached < -7
    assert any("held under -9 dBTP by the limiter, by up to" in note for note in found.notes)
    assert any(f"it is at {reached:.1f} LUFS, not at -6" in note for note in found.notes)
    calm = load_config("fast", ["loudness.lufs=-40"])
    assert clean_audio(speak(3.0), calm).notes == ()


def test_pauses_of_quiet_recordings_are_found(speak):
    loud = speak(4.0)
    samples = loud.samples.copy()
    samples[:, 20_000:40_000] *= 0.001
    loud = Audio(samples, loud.sample_rate)
    expected = find_silences(loud)
    assert expected
    found = find_silences(times(loud, 1e-3))
    assert np.abs(np.array(found) - np.array(expected)).max() <= 320
