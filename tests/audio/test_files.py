from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from sayso.audio import Audio, Writer, probe, read, write
from sayso.errors import (
    EmptyAudioError,
    FormatError,
    NotFiniteError,
    OutputError,
    SaysoError,
    ShapeError,
)

LOSSLESS = [
    ("wav", "pcm16", 2**-15),
    ("wav", "pcm24", 2**-23),
    ("wav", "float32", 0.0),
    ("flac", "pcm16", 2**-15),
    ("flac", "pcm24", 2**-23),
    ("aiff", "pcm24", 2**-23),
]


@pytest.mark.parametrize(("suffix", "encoding", "error"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_lossless_round_trips(noise, tmp_path, suffix, encoding, error, channels):
    audio = noise(0.2, channels=channels, rate=48_000)
    path = write(tmp_path / f"a.{suffix}", audio, encoding=encoding)
    info = probe(path)
    assert (info.format, info.encoding) == (suffix, encoding)
    assert (info.sample_rate, info.channels, info.frames) == (48_000, channels, audio.frames)
    assert np.abs(read(path).samples - audio.samples).max() <= error


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "m4a", "mp4", "opus", "mka"])
@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_round_trips_keep_length_and_place(tone, tmp_path, suffix, rate, channels):
    audio = tone(1.0, rate=rate, channels=channels)
    path = write(tmp_path / f"a.{suffix}", audio)
    back = read(path)
    assert back.channels == channels
    assert back.duration_s == pytest.approx(1.0, abs=2 / back.sample_rate)
    if back.sample_rate == rate:
        # Lossy, but in place: half a period off would leave twice the level.
        middle = slice(rate // 10, -rate // 10)
        assert np.abs(back.samples[:, middle] - audio.samples[:, middle]).max() < 0.12


def test_the_sound_of_a_video(tmp_path, tone):
    import av

    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        sound = container.add_stream("flac", rate=44_100)
        sound.codec_context.layout = "stereo"
        sound.codec_context.format = "s16"
        for at in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts = at
            container.mux(video.encode(frame))
        samples = (tone(1.0).samples * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts = 44_100, 0
        container.mux(sound.encode(frame))
        container.mux([*video.encode(None), *sound.encode(None)])
    assert read(path).frames == 44_100
    assert np.abs(read(path).samples - tone(1.0).samples).max() < 1e-4


def refused(path, error, *words):
    with pytest.raises(error) as caught:
        read(path)
    for word in (path.name, *words):
        assert word in str(caught.value)


def test_what_is_not_audio_is_said_so(tmp_path):
    missing, empty, text, folder = (tmp_path / n for n in ("no.wav", "e.wav", "t.wav", "d.wav"))
    empty.touch()
    text.write_text("dear diary\n" * 50)
    folder.mkdir()
    refused(missing, FormatError, "no such file")
    refused(empty, EmptyAudioError, "empty")
    refused(text, FormatError, "not audio")
    refused(folder, FormatError, "folder")


def test_samples_that_are_no_sound(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros((0, 2)), 44_100)
    refused(path, EmptyAudioError, "no samples")
    soundfile.write(path, np.full((100, 2), np.nan), 44_100, subtype="FLOAT")
    refused(path, NotFiniteError, "sample 0")
    soundfile.write(path, np.zeros((10, 200)), 44_100)
    refused(path, ShapeError, "200 channels")


@pytest.mark.parametrize("suffix", ["mp3", "flac", "wav"])
def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path, noise, suffix):
    whole = write(tmp_path / f"a.{suffix}", noise(3.0))
    part = tmp_path / f"part.{suffix}"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    told = []
    audio = read(part, notice=told.append)
    assert 0.8 < audio.duration_s < 2.2
    if suffix != "wav":  # a short wav's length is taken from what is there
        assert told
        assert "part" in told[0]


def test_a_broken_off_mp4_is_refused(tmp_path, noise):
    whole = write(tmp_path / "a.m4a", noise(1.0))
    part = tmp_path / "part.m4a"
    part.write_bytes(whole.read_bytes()[:2000])
    refused(part, FormatError, "damaged")


def test_writing_where_it_cannot_be(tmp_path, noise):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="may not be written"):
        write(tmp_path / "file" / "a.wav", noise(0.1))
    with pytest.raises(OutputError, match="not a format"):
        write(tmp_path / "a.xyz", noise(0.1))
    with pytest.raises(OutputError, match="float32"):
        write(tmp_path / "a.mp3", noise(0.1), encoding="float32")
    with pytest.raises(OutputError, match="at most 2 channels"):
        write(tmp_path / "a.mp3", noise(0.1, channels=4))


def test_sizes_beyond_32_bits(tmp_path, noise):
    with pytest.raises(OutputError, match="at most 4 GiB"):
        Writer(tmp_path / "a.aiff", 44_100, 2, frames=1 << 30)
    for frames, container in ((1 << 30, "RF64"), (None, "RF64"), (4410, "WAV")):
        with Writer(tmp_path / "a.wav", 44_100, 2, frames=frames) as out:
            out.append(noise(0.1).samples)
        assert soundfile.info(tmp_path / "a.wav").format == container
        assert probe(tmp_path / "a.wav").format == "wav"
        assert read(tmp_path / "a.wav").frames == 4410


def test_nothing_half_written_is_left(tmp_path, noise):
    with pytest.raises(SaysoError), Writer(tmp_path / "a.wav", 44_100, 2) as out:
        out.append(noise(0.1).samples)
        raise SaysoError("stopped in the middle")
    assert list(tmp_path.iterdir()) == []


def test_two_who_write_the_same_file_do_no_harm(tmp_path, noise):
    path, sound = tmp_path / "a.wav", noise(0.1)

    def write_it(_):
        with Writer(path, sound.sample_rate, sound.channels) as out:
            out.append(sound.samples)
            both.wait()

    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write_it, range(2)))
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]
    assert read(path).frames == sound.frames


def test_integers_clip_and_floats_do_not(tmp_path):
    loud = Audio(np.array([[2.0, -2.0, 0.5]], np.float32), 44_100)
    assert read(write(tmp_path / "a.wav", loud)).samples.max() <= 1.0
    assert read(write(tmp_path / "b.wav", loud, encoding="float32")).samples.max() == 2.0


_FULL = """
import resource, sys
from sayso.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.mp4"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, name):
    """A limit on the size of files stands for the end of the disk: writing fails the same way."""
    out = tmp_path / "out" / name
    done = subprocess.run(
        [sys.executable, "-c", _FULL, "demo", "-o", str(out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 5, done.stderr
    (line,) = done.stderr.splitlines()
    assert f"{name}: cannot be written: " in line
    assert not list(out.parent.iterdir())
