from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, Recorder, peaks
from sayso.errors import EmptyAudioError, RangeError, ShapeError


@pytest.mark.parametrize(
    ("samples", "rate", "error", "words"),
    [
        (np.zeros(5, np.float32), 44_100, ShapeError, "expected float32"),
        (np.zeros((2, 5)), 44_100, ShapeError, "float64"),
        (np.zeros((200, 5), np.float32), 44_100, ShapeError, "200 channels"),
        (np.zeros((2, 5), np.float32), 100, ShapeError, "100 Hz"),
        (np.zeros((2, 0), np.float32), 44_100, EmptyAudioError, "no samples"),
    ],
)
def test_audio_says_what_is_wrong_with_samples(samples, rate, error, words):
    with pytest.raises(error, match=words):
        Audio(samples, rate)


def test_blocks_give_everything_in_order(noise):
    audio = noise(0.5)
    assert np.array_equal(np.concatenate(list(audio.blocks(1000)), axis=1), audio.samples)
    middle = np.concatenate(list(audio.blocks(7, start=100, stop=200)), axis=1)
    assert np.array_equal(middle, audio.samples[:, 100:200])


def test_a_block_beyond_the_ends_is_silence_there(noise):
    audio = noise(0.01)
    block = audio.block(-10, audio.frames + 20)
    assert np.array_equal(block[:, 10:-20], audio.samples)
    assert not block[:, :10].any()
    assert not block[:, -20:].any()


@pytest.mark.parametrize("ram_bytes", [0, 1 << 30])
def test_recorder_gives_back_what_it_was_given(noise, ram_bytes):
    audio = noise(1.0)
    recorder = Recorder(2, 44_100, ram_bytes=ram_bytes)
    for block in audio.blocks(5000):
        recorder.append(block)
    recorded = recorder.audio()
    assert np.array_equal(recorded.samples, audio.samples)
    assert np.array_equal(np.concatenate(list(recorded.blocks()), axis=1), audio.samples)
    assert isinstance(recorded.samples, np.memmap) == (ram_bytes == 0)


def test_a_long_recording_leaves_no_file_behind(noise, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    recorder = Recorder(2, 44_100, ram_bytes=0)
    recorder.append(noise(0.1).samples)
    assert recorder.audio().frames == 4410
    assert list(tmp_path.iterdir()) == []


def test_recorder_refuses_other_shapes():
    with pytest.raises(ShapeError, match=r"expected \[2, frames\]"):
        Recorder(2, 44_100).append(np.zeros((1, 5), np.float32))


def test_peaks_hold_every_extreme(noise):
    audio = noise(0.3)
    outline = peaks(audio, 100)
    assert outline.shape == (2, 100, 2)
    assert np.array_equal(outline[:, :, 0].min(axis=1), audio.samples.min(axis=1))
    assert np.array_equal(outline[:, :, 1].max(axis=1), audio.samples.max(axis=1))
    assert peaks(audio.slice(0, 5), 100).shape == (2, 5, 2)
    with pytest.raises(RangeError, match="buckets"):
        peaks(audio, 0)
