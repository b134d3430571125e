"""Sound put back into videos: the picture stays as it is, to the byte."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from sayso.audio import read
from sayso.cli import main
from sayso.desk import Adjust, Cut, Edit, Gain, InsertSilence, Stretch
from sayso.errors import OutputError
from sayso.studio import Studio

RATE, FPS, SECONDS = 48_000, 25, 4


def film(path, *, sounds=1):
    """Four seconds of a picture that grows brighter, tones, a subtitle and two chapters."""
    with av.open(str(path), "w") as out:
        picture = out.add_stream("libx264", rate=FPS, options={"g": "25", "bf": "2"})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        matroska = path.suffix == ".mkv"
        tracks = [
            out.add_stream("libopus" if matroska else "aac", rate=RATE) for _ in range(sounds)
        ]
        for track, language in zip(tracks, ("eng", "ger"), strict=False):
            track.metadata["language"] = language
        out.metadata["title"] = "Talk"
        halves = ((0, 2000, "One"), (2000, 4000, "Two"))
        out.set_chapters(
            [
                {
                    "id": n,
                    "start": start,
                    "end": stop,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for n, (start, stop, title) in enumerate(halves)
            ]
        )
        for number in range(FPS * SECONDS):
            image = np.full((48, 64, 3), 2 * number, np.uint8)
            image[:, number % 64] = 255
            out.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(picture.encode(None))
        for at, track in enumerate(tracks):
            time = np.arange(RATE * SECONDS) / RATE
            wave = (0.2 * np.sin(2 * np.pi * 300 * (at + 1) * time)).astype(np.float32)
            for start in range(0, len(wave), 960):
                frame = av.AudioFrame.from_ndarray(
                    wave[None, start : start + 960], format="fltp", layout="mono"
                )
                frame.sample_rate, frame.pts = RATE, start
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
    return path


def packets(path, kind, at=0):
    """The packets of a stream, with their times in seconds."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][at]
        return [(bytes(p), p.pts * p.time_base) for p in container.demux(stream) if p.size]


def brightness(path):
    """When each picture is shown, and how bright it is."""
    with av.open(str(path)) as container:
        return [
            (float(f.pts * f.time_base), float(f.to_ndarray(format="gray").mean()))
            for f in container.decode(video=0)
        ]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_the_picture_is_copied_and_the_sound_replaced(tmp_path, suffix):
    video = film(tmp_path / f"talk.{suffix}")
    session = Studio().open(video)
    session.do([Adjust(target="mix", effects=(Gain(db=-20.0),))])
    out = tmp_path / f"quiet.{suffix}"
    session.render().write(out)
    assert packets(out, "video") == packets(video, "video")
    before, after = read(video), read(out)
    assert after.frames == before.frames
    middle = slice(RATE, 3 * RATE)
    level = np.std(after.samples[:, middle]) / np.std(before.samples[:, middle])
    assert 20 * np.log10(level) == pytest.approx(-20.0, abs=0.2)
    with av.open(str(out)) as container:
        assert [c["metadata"]["title"] for c in container.chapters()] == ["One", "Two"]
        assert container.metadata["title"] == "Talk"


def test_of_two_sounds_the_one_that_was_read_is_replaced(tmp_path):
    video = film(tmp_path / "talk.mp4", sounds=2)
    session = Studio().open(video, track="de")
    session.do([Adjust(target="mix", effects=(Gain(db=-20.0),))])
    out = tmp_path / "quiet.mp4"
    session.render().write(out)
    assert packets(out, "audio", 0) == packets(video, "audio", 0)
    assert packets(out, "audio", 1) != packets(video, "audio", 1)
    assert packets(out, "video") == packets(video, "video")


def test_an_edit_cuts_the_picture_only_where_it_may_be_encoded(tmp_path):
    video = film(tmp_path / "talk.mp4")
    session = Studio().open(video)
    session.do([Edit(steps=(Cut(start_s=1.0, end_s=2.0), InsertSilence(seconds=0.4, at_s=2.0)))])
    out = tmp_path / "cut.mp4"
    with pytest.raises(OutputError, match="--encode"):
        session.render().write(out)
    session.render().write(out, encode=True)
    assert read(out).frames == round(3.4 * RATE)
    shown = brightness(out)
    source = {round(t * FPS): light for t, light in brightness(video)}
    for time_s, light in shown:
        at = time_s if time_s < 1.0 else time_s + 1.0 if time_s < 2.0 else time_s + 0.6
        assert light == pytest.approx(source[round(at * FPS)], abs=3.0), time_s
    assert len(shown) == 3 * FPS
    with av.open(str(out)) as container:
        starts = [float(c["start"] * c["time_base"]) for c in container.chapters()]
    assert starts == pytest.approx([0.0, 1.0])


def test_the_picture_goes_as_fast_as_the_sound(tmp_path):
    video = film(tmp_path / "talk.mkv")
    session = Studio().open(video)
    session.do([Adjust(target="mix", effects=(Stretch(rate=2.0),))])
    out = tmp_path / "fast.mkv"
    session.render().write(out, encode=True)
    shown = brightness(out)
    assert shown[-1][0] == pytest.approx((SECONDS - 1 / FPS) / 2, abs=0.02)
    assert read(out).duration_s == pytest.approx(SECONDS / 2, abs=0.05)


def test_words_and_names_on_the_command_line(tmp_path, capsys):
    video = film(tmp_path / "talk.mp4")
    out = tmp_path / "out.mp4"
    assert main(["ask", str(video), "make it 6 dB quieter", "-o", str(out)]) == 0
    assert packets(out, "video") == packets(video, "video")
    cut = tmp_path / "cut.mp4"
    assert main(["ask", str(video), "cut the first second", "-o", str(cut)]) == 5
    assert "--encode" in capsys.readouterr().err
    assert not cut.exists()
    assert main(["ask", str(video), "cut the first second", "-o", str(cut), "--encode"]) == 0
    assert brightness(cut)[-1][0] == pytest.approx(SECONDS - 1 - 1 / FPS, abs=0.02)
    webm = tmp_path / "out.webm"
    assert main(["ask", str(video), "make it louder", "-o", str(webm)]) == 5
    assert "mkv" in capsys.readouterr().err and not webm.exists()
