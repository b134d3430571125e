"""Audio from arrays as numpy, soundfile and scipy give them."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import Audio, read, write
from sayso.errors import EmptyAudioError, NotFiniteError, RangeError, ShapeError


@given(
    channels=st.integers(1, 8),
    frames=st.integers(9, 60),
    kind=st.sampled_from(["float32", "float64", "int16", "int32", "uint8"]),
    last=st.booleans(),
)
def test_both_layouts_and_all_kinds_of_numbers_give_the_same_sound(channels, frames, kind, last):
    rng = np.random.default_rng(frames)
    steps = rng.integers(-128, 128, (channels, frames))
    expected = (steps / 128).astype(np.float32)
    scaled = {
        "int16": steps * 256,
        "int32": steps * 2**24,
        "uint8": steps + 128,
    }.get(kind, steps / 128)
    array = scaled.astype(kind)
    audio = Audio.from_numpy(array.T if last else array, 44_100)
    assert np.array_equal(audio.samples, expected)
    assert np.array_equal(np.asarray(audio), expected)
    assert np.array_equal(audio.to_numpy(channels_last=True), expected.T)


def test_one_axis_is_mono_and_what_soundfile_reads_is_what_sayso_reads(tmp_path, noise):
    audio = noise(0.1)
    path = write(tmp_path / "take.wav", audio, encoding="float32")
    samples, rate = soundfile.read(path)
    assert np.array_equal(Audio.from_numpy(samples, rate).samples, read(path).samples)
    mono = Audio.from_numpy(samples[:, 0], rate)
    assert mono.channels == 1 and mono.frames == audio.frames


@pytest.mark.parametrize(
    ("array", "error", "said"),
    [
        (np.zeros((4, 3)), ShapeError, r"\[4, 3\].*could be channels.*audio\.T.*channels_last"),
        (np.zeros((400, 300)), ShapeError, r"300 channels.*1 to 8.*channels_last"),
        (np.zeros((2, 2, 40)), ShapeError, r"\[2, 2, 40\]"),
        (np.zeros(40, complex), ShapeError, "complex128.*int16"),
        (np.zeros(40, np.int64), ShapeError, "int64"),
        (np.zeros((2, 0)), EmptyAudioError, "no samples"),
        (np.full(40, np.nan), NotFiniteError, "NaN"),
        (np.full(40, 20_000.0), RangeError, "20000.*32768"),
    ],
)
def test_what_fits_no_recording_is_refused(array, error, said):
    with pytest.raises(error, match=said):
        Audio.from_numpy(array, 44_100)


def test_axes_that_could_be_either_are_taken_as_said():
    array = np.arange(12.0).reshape(4, 3) / 12
    assert Audio.from_numpy(array, 8000, channels_last=True).samples.shape == (3, 4)
    assert Audio.from_numpy(array, 8000, channels_last=False).samples.shape == (4, 3)


def test_a_rate_is_a_whole_number():
    with pytest.raises(ShapeError, match=r"44100\.5"):
        Audio.from_numpy(np.zeros(40), 44_100.5)
    assert Audio.from_numpy(np.zeros(40), np.int64(44_100)).sample_rate == 44_100


def test_a_notebook_shows_a_player_with_the_sound(tmp_path, tone):
    page = tone(1.0, channels=6)._repr_html_()
    assert "6 channels" in page and "first two channels" in page
    sound = re.search(r"base64,([A-Za-z0-9+/=]+)", page)[1]
    path = tmp_path / "heard.mp3"
    path.write_bytes(base64.b64decode(sound))
    heard = read(path)
    assert heard.channels == 2 and abs(heard.duration_s - 1.0) < 0.06
    assert np.abs(heard.samples).max() == pytest.approx(0.5, abs=0.05)
