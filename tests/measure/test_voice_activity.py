"""Where somebody speaks, on a synthetic voice with noise, music and nothing behind it."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from scipy.signal import lfilter

from sayso.audio import Audio, read, resample
from sayso.errors import Cancelled
from sayso.measure.voice_activity import (
    FRAME_S,
    MARGIN_S,
    find_pauses,
    find_speech,
    speech_chances,
)
from sayso.timeline import find_silences
from sayso.watch import Watch

RATE = 16_000
PAUSE_S = 1.5


@pytest.fixture(scope="module")
def sentence(tmp_path_factory) -> np.ndarray:
    """A spoken sentence [T], without the silence around it."""
    path = tmp_path_factory.mktemp("voice") / "said.wav"
    text = "Nobody had told them that the bridge was closed for the whole winter."
    subprocess.run(["espeak-ng", "-w", path, text], check=True)
    said = resample(read(path), RATE).samples[0]
    loud = np.flatnonzero(np.abs(said) > 0.02 * np.abs(said).max())
    return said[loud[0] : loud[-1] + 1] / np.std(said) * 0.05


def recording(sentence: np.ndarray, behind: np.ndarray | None, snr_db: float) -> Audio:
    """The sentence, a pause and the sentence again, over something else."""
    samples = np.concatenate([sentence, np.zeros(round(PAUSE_S * RATE)), sentence])
    if behind is not None:
        rest = np.resize(behind, len(samples))
        samples = samples + rest / np.std(rest) * np.std(sentence) * 10 ** (-snr_db / 20)
    return Audio(samples[None].astype(np.float32), RATE)


def assert_between_the_sentences(pauses, sentence: np.ndarray) -> None:
    """One pause, in the middle, with a margin, and most of what is silent of the voice."""
    ((start, stop),) = pauses
    assert len(sentence) - 0.05 * RATE <= start
    assert stop <= len(sentence) + (PAUSE_S + 0.05) * RATE
    assert (stop - start) / RATE > 0.6 * PAUSE_S


@pytest.mark.parametrize("snr_db", [20.0, 10.0, 5.0])
def test_a_pause_is_found_under_the_noise_of_a_room(sentence, snr_db):
    room = lfilter([1], [1, -0.9], np.random.default_rng(3).standard_normal(RATE * 12))
    noisy = recording(sentence, room, snr_db)
    assert_between_the_sentences(find_pauses(noisy), sentence)


def test_a_pause_with_music_in_it_is_one_though_it_is_not_silent(sentence, demo):
    backing = resample(demo["mix"], RATE).samples.mean(axis=0)
    with_music = recording(sentence, backing, 10)
    assert_between_the_sentences(find_pauses(with_music), sentence)
    assert not any(
        start < len(sentence) + RATE and stop > len(sentence) + RATE // 2
        for start, stop in find_silences(with_music)
    )


def test_the_level_of_a_recording_does_not_matter(sentence):
    loud = recording(sentence, None, 0)
    quiet = Audio(loud.samples * np.float32(1e-3), RATE)
    assert find_speech(loud) == find_speech(quiet)


def test_channels_rate_and_polarity_do_not_matter(sentence):
    mono = recording(sentence, None, 0)
    high = resample(mono, 44_100)
    pair = Audio(np.concatenate([high.samples, -0.9 * high.samples]), 44_100)
    for (a, b), (c, d) in zip(find_speech(mono), find_speech(pair), strict=True):
        assert abs(a / RATE - c / 44_100) <= 2 * FRAME_S
        assert abs(b / RATE - d / 44_100) <= 2 * FRAME_S


def test_speech_far_into_a_recording_is_found_where_it_is(sentence):
    ahead = round(21.3 * RATE)
    late = Audio(np.pad(sentence, (ahead, RATE))[None].astype(np.float32), RATE)
    spans = find_speech(late)
    assert spans[0][0] == pytest.approx(ahead, abs=0.1 * RATE)
    assert spans[-1][1] == pytest.approx(ahead + len(sentence), abs=0.2 * RATE)
    assert find_pauses(late)[0] == (0, spans[0][0] - round(MARGIN_S * RATE))


def test_music_without_a_voice_and_silence_have_no_speech(demo):
    assert find_pauses(demo["drums"]) is None
    assert find_pauses(Audio(np.zeros((2, 5_000), np.float32), 44_100)) is None


@pytest.mark.parametrize("frames", [1, 511, 512, 513, 512 * 512, 512 * 512 + 1])
def test_every_moment_has_a_chance(frames):
    noise = np.random.default_rng(0).standard_normal((1, frames)).astype(np.float32)
    chances = speech_chances(Audio(0.01 * noise, RATE))
    assert len(chances) == -(-frames // 512)
    assert chances.min() >= 0
    assert chances.max() <= 1


def test_it_can_be_stopped(noise):
    with pytest.raises(Cancelled):
        find_speech(noise(1.0), watch=Watch(cancelled=lambda: True))
