"""Only a length that a file bears out is a fact; what is behind a wrong one is read."""

from __future__ import annotations

import os
import struct
import threading

import numpy as np
import pytest
import soundfile
from tests.audio.material import contain, sweep

from sayso.audio import probe, read, write
from sayso.errors import EmptyAudioError

SOUND = sweep(3.0)


def told(path):
    notes = []
    return read(path, notice=notes.append), notes


class OneWay:
    """What an encoder sees of a pipe: it cannot go back."""

    def __init__(self, path):
        self.file = path.open("wb")

    def write(self, data):
        return self.file.write(data)


def piped(path, form, codec, sound=SOUND):
    import av

    pipe = OneWay(path)
    with av.open(pipe, "w", format=form) as out:
        stream = out.add_stream(codec, rate=sound.sample_rate)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "s16"
        samples = np.round(sound.samples * 32767).astype("<i2")
        for at in range(0, sound.frames, 4608):
            block = np.ascontiguousarray(samples[:, at : at + 4608])
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = sound.sample_rate, at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    pipe.file.close()
    return path


@pytest.mark.parametrize(
    ("form", "codec"),
    [("flac", "flac"), ("wav", "pcm_s16le"), ("au", "pcm_s16be"), ("w64", "pcm_s16le")],
)
def test_what_came_out_of_a_pipe_is_read_whole_and_without_a_word(tmp_path, form, codec):
    audio, notes = told(piped(tmp_path / f"a.{form}", form, codec))
    assert audio.frames == SOUND.frames
    assert np.abs(audio.samples - SOUND.samples).max() < 2**-14
    assert notes == []


def patched(path, offset, kind, value):
    data = bytearray(path.read_bytes())
    struct.pack_into(kind, data, offset, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [0, 60_000])
@pytest.mark.parametrize("outer", [0, None])
def test_a_wav_whose_size_was_never_filled_in(tmp_path, size, outer):
    path = write(tmp_path / "a.wav", SOUND)
    at = path.read_bytes().find(b"data") + 4
    patched(path, at, "<I", size)
    if outer is not None:
        patched(path, 4, "<I", outer)
    audio, notes = told(path)
    assert audio.frames == probe(path).frames == SOUND.frames
    assert np.abs(audio.samples - SOUND.samples).max() < 2**-22
    assert ["does not tell its length" in note for note in notes] == [True]


@pytest.mark.parametrize("size", [0, 60_000])
def test_other_files_whose_size_was_never_filled_in(tmp_path, size):
    aiff = write(tmp_path / "a.aiff", SOUND)
    patched(aiff, aiff.read_bytes().find(b"SSND") + 4, ">I", size)
    rf64 = tmp_path / "b.wav"
    soundfile.write(rf64, SOUND.samples.T, 44_100, subtype="PCM_24", format="RF64")
    patched(rf64, rf64.read_bytes().find(b"ds64") + 16, "<Q", size)
    au = tmp_path / "a.au"
    soundfile.write(au, SOUND.samples.T, 44_100, subtype="PCM_24")
    patched(au, 8, ">I", size)
    caf = tmp_path / "a.caf"
    soundfile.write(caf, SOUND.samples.T, 44_100, subtype="PCM_24")
    if not size:
        patched(caf, caf.read_bytes().find(b"data", 60) + 4, ">Q", size)
    for path in (aiff, rf64, au, caf):
        audio, _ = told(path)
        assert audio.frames == SOUND.frames, path
        assert np.abs(audio.samples - SOUND.samples).max() < 2**-22


@pytest.mark.parametrize("size", [-1, 1 << 60, 40_000])
def test_sizes_of_64_bits_that_are_none(tmp_path, size):
    for name, form, word in (("a.caf", "CAF", b"data"), ("b.wav", "RF64", b"ds64")):
        path = tmp_path / name
        soundfile.write(path, SOUND.samples.T, 44_100, subtype="PCM_24", format=form)
        at = path.read_bytes().find(word, 12) + (4 if form == "CAF" else 16)
        patched(path, at, ">q" if form == "CAF" else "<q", size)
        audio, notes = told(path)
        assert audio.frames == SOUND.frames
        assert np.abs(audio.samples - SOUND.samples).max() < 2**-22
        assert ["does not tell its length" in note for note in notes] == [True] * (size == 40_000)


@pytest.mark.parametrize("size", [0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFDB])
def test_sizes_that_programs_write_to_a_pipe(tmp_path, size):
    for name, word, kind in (
        ("a.wav", b"data", "<I"), ("a.aiff", b"SSND", ">I"), ("a.au", b".snd", ">I")
    ):  # fmt: skip
        path = tmp_path / name
        soundfile.write(path, SOUND.samples.T, 44_100, subtype="PCM_24")
        at = path.read_bytes().find(word) + (8 if word == b".snd" else 4)
        audio, notes = told(patched(path, at, kind, size))
        assert (audio.frames, notes) == (SOUND.frames, [])


def test_a_long_recording_of_which_little_was_copied_is_said_to_break_off(tmp_path):
    path = write(tmp_path / "a.wav", SOUND)
    patched(path, path.read_bytes().find(b"data") + 4, "<I", 3_000_000_000)
    assert "breaks off after" in told(path)[1][0]


@pytest.mark.parametrize("count", [0, 1, 100_000, 0xFFFF_FFFF])
def test_a_count_of_mp3_frames_that_is_none(tmp_path, count):
    path = write(tmp_path / "a.mp3", SOUND)
    data = path.read_bytes()
    at = max(data.find(b"Xing"), data.find(b"Info")) + 8
    audio, notes = told(patched(path, at, ">I", count))
    assert audio.duration_s == pytest.approx(SOUND.duration_s, abs=0.1)
    assert notes == []


def test_chunks_and_tags_behind_the_sound_are_no_sound(tmp_path):
    path = write(tmp_path / "a.wav", SOUND)
    data = path.read_bytes()
    for tail in (
        b"LIST" + struct.pack("<I", 9000) + bytes(9000),
        b"id3 " + struct.pack("<I", 5000) + b"ID3" + bytes(4997),
        b"TAG" + b"x" * 6000,
        bytes(20_000),
    ):
        path.write_bytes(data + tail)
        audio, notes = told(path)
        assert audio.frames == SOUND.frames
        assert notes == []


def test_a_flac_that_states_fewer_samples_than_it_holds(tmp_path):
    path = write(tmp_path / "a.flac", SOUND)
    data = bytearray(path.read_bytes())
    packed = int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1)
    data[18:26] = (packed | 50_000).to_bytes(8, "big")
    path.write_bytes(data)
    assert probe(path).frames is None
    audio, _ = told(path)
    assert audio.frames == SOUND.frames


@pytest.mark.parametrize("frames", [1, 500, 1023, 1024, 44_177, 220_501, 220_577])
def test_m4a_keeps_every_sample(tmp_path, noise, frames):
    audio = noise(frames / 44_100, channels=1)
    assert read(write(tmp_path / "a.m4a", audio)).frames == audio.frames


def test_an_edit_list_in_milliseconds_does_not_round_the_sound(tmp_path):
    sound = sweep(2.0137)
    path = contain(tmp_path / "a.mp4", [sound], codec="aac")
    assert read(path).frames == sound.frames


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "opus", "m4a", "aac", "mka"])
@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_the_shortest_sounds_are_written_and_read(tmp_path, noise, suffix, rate):
    for frames in (1, 2, 700):
        path = write(tmp_path / f"a.{suffix}", noise(frames / rate, channels=1, rate=rate))
        assert read(path).frames >= frames * read(path).sample_rate // rate


def test_guesses_are_never_given_as_lengths(tmp_path):
    loud = sweep(8.0)
    samples = loud.samples.copy()
    samples[:, 4 * 44_100 :] *= 0.001
    sound = type(loud)(samples, 44_100)
    mp3 = contain(
        tmp_path / "a.mp3",
        [sound],
        codec="libmp3lame",
        options={"write_xing": "0"},
        codec_options={"b": "0", "q": "6", "compression_level": "7", "flags": "+qscale"},
    )
    for path in (mp3, write(tmp_path / "a.aac", sound)):
        info = probe(path)
        audio, notes = told(path)
        assert info.frames is None
        assert info.duration_s is None
        assert audio.duration_s == pytest.approx(8.0, abs=0.1)
        assert notes == []


def test_exact_lengths_are_those_that_are_read(tmp_path):
    for suffix in ("wav", "flac", "aiff", "ogg"):
        path = write(tmp_path / f"a.{suffix}", SOUND)
        assert probe(path).frames == read(path).frames == SOUND.frames
    flac = tmp_path / "a.flac"
    flac.write_bytes(flac.read_bytes()[:60_000])
    assert probe(flac).frames is None


def test_a_named_pipe_is_read_like_a_file(tmp_path):
    path, pipe = write(tmp_path / "a.wav", SOUND), tmp_path / "pipe"
    os.mkfifo(pipe)

    def pour(data):
        thread = threading.Thread(target=pipe.write_bytes, args=(data,))
        thread.start()
        return thread

    thread = pour(path.read_bytes())
    assert np.array_equal(read(pipe).samples, read(path).samples)
    thread.join()
    thread = pour(b"")
    with pytest.raises(EmptyAudioError, match="nothing came out of the pipe"):
        read(pipe)
    thread.join()
