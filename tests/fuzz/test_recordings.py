"""Damaged recordings: sound, or an error of ours; nothing else, and soon."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given
from tests.fuzz.damage import attacked, damaged

from sayso.audio import Audio, probe, read, write
from sayso.errors import InputError, SaysoError

NAMES = ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.mp4", "a.aiff", "a.opus", "a.mkv", "a.aac"]
LONGEST_S = 600.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("recordings")


def matroska(path, audio):
    """The bytes of a video container, which is read and never written by us."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=audio.sample_rate, layout="stereo")
        samples = (audio.samples.T * 32767).astype("<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = audio.sample_rate
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path.read_bytes()


@pytest.fixture(scope="module")
def wholes(folder):
    """The bytes of a third of a second in each format, and of all kinds of WAV."""
    samples = 0.1 * np.random.default_rng(5).standard_normal((2, 14_000)).astype(np.float32)
    audio = Audio(samples, 44_100)
    found = {
        name: [write(folder / f"whole-{name}", audio).read_bytes()]
        for name in NAMES
        if name != "a.mkv"
    }
    found["a.mkv"] = [matroska(folder / "whole.mkv", audio)]
    for encoding in ("float32", "pcm16", "pcm24"):
        path = write(folder / "whole.wav", audio, encoding=encoding)
        found["a.wav"].append(path.read_bytes())
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"):  # joined, or a chain
        found[name].append(2 * found[name][0])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_damaged_recordings_are_read_or_refused(folder, wholes, name):
    path = folder / name

    @attacked(60)
    @given(damaged(wholes[name]))
    def attack(data):
        path.write_bytes(data)
        told = []
        try:
            info = probe(path)
            audio = read(path, notice=told.append, longest_s=LONGEST_S)
        except InputError as error:
            assert str(error).startswith((name, str(path))), error
            return
        assert (audio.channels, audio.sample_rate) == (info.channels, info.sample_rate)
        assert audio.frames > 0
        assert np.isfinite(audio.samples).all()
        assert all(sentence.startswith(name) for sentence in told)

    attack()


def test_damaged_recordings_under_wrong_names(folder, wholes):
    every = [data for group in wholes.values() for data in group]
    path = folder / "unknown.bin"

    @attacked(60)
    @given(damaged(every))
    def attack(data):
        path.write_bytes(data)
        try:
            read(path, longest_s=LONGEST_S)
        except SaysoError as error:
            assert str(error)

    attack()
