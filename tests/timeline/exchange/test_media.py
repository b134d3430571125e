"""Which file a name means, and what is known of it."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from sayso.audio import Audio, read, write
from sayso.errors import DataError
from sayso.timeline.exchange import open_edit, write_edit
from sayso.timeline.exchange.media import media_of, url_of

RATE = 8000


def sound(path, value=0.1, seconds=60):
    write(path, Audio(np.full((1, RATE * seconds), value, np.float32), RATE))
    return path


def labels(folder, raw):
    path = folder / "labels.txt"
    path.write_text("10.0\t20.0\t1\n")
    return open_edit(path, recordings=[raw])


@pytest.mark.parametrize("suffix", [".otio", ".rpp", ".xml", ".json", ".edl"])
def test_edits_name_recordings_from_their_own_folder(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    sound("rec/50% räw.wav")
    written = write_edit(f"edits/cut{suffix}", labels(tmp_path, "rec/50% räw.wav")).resolve()
    monkeypatch.chdir(tmp_path / "edits")
    for path in (
        f"cut{suffix}",
        written,
        tmp_path / "rec" / ".." / "edits" / f"cut{suffix}",
    ):
        edit = open_edit(path)
        assert read(edit.sources[0]).frames == 60 * RATE
    assert open_edit(f"cut{suffix}").timeline.clips[0].start == 10 * RATE


@pytest.mark.parametrize("suffix", [".otio", ".rpp", ".xml"])
def test_an_absolute_name_stays_absolute(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    raw = sound(tmp_path / "rec" / "raw.wav")
    write_edit(f"edits/cut{suffix}", labels(tmp_path, raw))
    (tmp_path / "edits").rename(tmp_path / "elsewhere")
    assert open_edit(f"elsewhere/cut{suffix}").sources == (str(raw),)


def reaper(name):
    return (
        '<REAPER_PROJECT 0.1 "7.16" 0\n<TRACK\n<ITEM\nPOSITION 0\nLENGTH 5\nSOFFS 10\n'
        f'<SOURCE WAVE\nFILE "{name}"\n>\n>\n>\n>\n'
    )


def test_the_recording_beside_the_project_is_meant_not_that_of_the_current_folder(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    sound("raw.wav", 0.5)
    sound("proj/raw.wav", -0.25)
    (tmp_path / "proj" / "p.rpp").write_text(reaper("raw.wav"))
    assert read(open_edit("proj/p.rpp").sources[0]).samples[0, 9] == pytest.approx(-0.25, abs=1e-4)
    (tmp_path / "proj" / "raw.wav").unlink()
    with pytest.raises(DataError, match=r"raw\.wav is not there \(looked for as proj/raw\.wav\)"):
        open_edit("proj/p.rpp")


@pytest.mark.parametrize(
    "name",
    [
        "..\\rec\\raw take.wav",
        "../rec/raw%20take.wav",
        "../rec/raw take.wav",
        "{url}",
        "{url}".replace("file://", ""),
    ],
)
def test_names_may_be_of_windows_or_quoted(tmp_path, name):
    raw = sound(tmp_path / "rec" / "raw take.wav")
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "p.rpp").write_text(reaper(name.replace("{url}", url_of(str(raw)))))
    assert read(open_edit(tmp_path / "proj" / "p.rpp").sources[0]).frames == 60 * RATE


def test_urls_name_a_host_or_a_drive(tmp_path):
    raw = sound(tmp_path / "raw.wav")
    (tmp_path / "p.rpp").write_text(reaper(f"file://localhost{raw}"))
    assert open_edit(tmp_path / "p.rpp").sources == (str(raw),)
    (tmp_path / "p.rpp").write_text(reaper("file:///C%3A/takes/raw.wav"))
    with pytest.raises(DataError, match=r"C:/takes/raw\.wav"):
        open_edit(tmp_path / "p.rpp")


def test_a_link_keeps_its_name_and_its_folder_is_the_real_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sound("deep/er/raw.wav")
    (tmp_path / "rec").symlink_to(tmp_path / "deep" / "er")
    (tmp_path / "out").mkdir()
    (tmp_path / "edits").symlink_to(tmp_path / "out")
    write_edit("edits/cut.rpp", labels(tmp_path, "rec/raw.wav"))
    assert 'FILE "../deep/er/raw.wav"' in (tmp_path / "out" / "cut.rpp").read_text()
    assert open_edit("out/cut.rpp").source_frames == 60 * RATE


def video(path, rate, *, timecode=None):
    out = av.open(str(path), "w")
    picture = out.add_stream("mpeg4", rate=rate)
    picture.width = picture.height = 32
    picture.pix_fmt = "yuv420p"
    if timecode:
        picture.metadata["timecode"] = timecode
    track = out.add_stream("pcm_s16le", rate=RATE)
    track.codec_context.layout = "mono"
    for _ in range(int(2 * rate)):
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), "u1"), format="rgb24")
        out.mux(picture.encode(frame))
    out.mux(picture.encode(None))
    frame = av.AudioFrame.from_ndarray(np.ones((1, 2 * RATE), "<i2"), format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE, 0
    out.mux(track.encode(frame))
    out.mux(track.encode(None))
    out.close()
    return path


@pytest.mark.parametrize("rate", [Fraction(60), Fraction(25), Fraction(30000, 1001)])
def test_a_video_knows_its_rate(tmp_path, rate):
    assert media_of(video(tmp_path / "v.mov", rate)).picture_hz == rate


def test_a_sound_has_no_picture_nor_time_code(tmp_path):
    media = media_of(sound(tmp_path / "raw.flac", seconds=1))
    assert (media.picture_hz, media.start_s) == (None, None)


def test_a_video_knows_its_time_code(tmp_path):
    path = video(tmp_path / "v.mov", Fraction(25), timecode="01:00:00:10")
    assert media_of(path).start_s == Fraction(3600) + Fraction(10, 25)


def with_time_reference(path, samples):
    """A broadcast wave: a `bext` chunk before the sound."""
    sound(path, seconds=60)
    content = path.read_bytes()
    bext = bytes(256 + 32 + 32 + 10 + 8) + struct.pack("<Q", samples) + bytes(2 + 64 + 10 + 180)
    chunk = b"bext" + struct.pack("<I", len(bext)) + bext
    whole = content[:12] + chunk + content[12:]
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])
    return path


def test_an_edl_counts_from_the_time_reference_of_a_broadcast_wave(tmp_path):
    raw = with_time_reference(tmp_path / "raw.wav", 3600 * RATE)
    assert media_of(raw).start_s == 3600
    path = tmp_path / "cut.edl"
    path.write_text(
        "TITLE: x\n001  AX  A  C  01:00:10:00 01:00:20:00 00:00:00:00 00:00:10:00\n"
        "* FROM CLIP NAME: raw.wav\n"
    )
    clip = open_edit(path, rate=Fraction(25)).timeline.clips[0]
    assert (clip.start, clip.stop) == (10 * RATE, 20 * RATE)
