"""The commands as a person runs them, on real files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sayso.audio import Audio, decibels, read, resample, write

SAYSO = [sys.executable, "-m", "sayso"]


@pytest.fixture
def sayso(tmp_path, command):
    """Runs a command in a folder of its own."""
    cache = tmp_path / "cache"
    return lambda *arguments, **options: command(
        *arguments, cwd=tmp_path, SAYSO_CACHE=cache, **options
    )


@pytest.fixture(scope="session")
def song(demo, tmp_path_factory) -> Path:
    """Six seconds of the demo song."""
    mix = demo["mix"].slice(0, 6 * 44_100)
    return write(tmp_path_factory.mktemp("song") / "song.wav", mix)


def written(folder):
    return sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file())


def test_demo_stems_sum_to_the_mix(sayso, tmp_path):
    assert sayso("demo", "-o", "song.wav", "--stems", "stems").returncode == 0
    mix = read(tmp_path / "song.wav")
    stems = [read(tmp_path / "stems" / f"{n}.wav") for n in ("vocals", "drums", "bass", "other")]
    assert mix.duration_s == 20.0
    residue = mix.samples - sum(stem.samples for stem in stems)
    assert decibels(float(np.abs(residue).max())) < -90


FORMATS = [
    ("song.mp3", 2, 44_100),
    ("song.wav", 2, 48_000),
    ("song.wav", 1, 8_000),
    ("song.mp4", 2, 44_100),
]


@pytest.mark.parametrize(("name", "channels", "rate"), FORMATS)
def test_ask_keeps_length_rate_and_channels(sayso, song, tmp_path, name, channels, rate):
    mix = resample(read(song).slice(0, 3 * 44_100), rate)
    path = write(tmp_path / name, Audio(np.array(mix.samples[:channels]), rate))
    source = read(path)
    done = sayso("ask", path, "give me the vocals and the instrumental", "-o", "out", "--float32")
    assert done.returncode == 0, done.stderr
    tracks = {stem: read(tmp_path / "out/song" / stem) for stem in ("vocals.wav", "no_vocals.wav")}
    for track in tracks.values():
        shape = (track.frames, track.sample_rate, track.channels)
        assert shape == (source.frames, rate, channels)
    residue = sum(track.samples for track in tracks.values()) - source.samples
    assert decibels(float(np.abs(residue).max())) < -90


def test_ask_prints_what_it_would_do(sayso, song, tmp_path):
    words = "remove the vocals and put some reverb on the drums"
    done = sayso("ask", song, words, "--plan", "--json")
    plan = json.loads(done.stdout)
    assert plan["moves"][0] == {"do": "remove", "targets": ["vocals"]}
    assert plan["moves"][1]["target"] == "drums"
    assert plan["desk"]["strips"]["vocals"]["mute"]
    assert plan["reply"]
    assert not (tmp_path / "sayso-out").exists()


def test_ask_follows_up(sayso, song):
    earlier = ("--after", "make the drums louder", "--after", "even louder")
    plan = json.loads(sayso("ask", song, "undo that", *earlier, "--plan", "--json").stdout)
    once = json.loads(sayso("ask", song, "make the drums louder", "--plan", "--json").stdout)
    assert plan["desk"] == once["desk"]


def test_ask_answers_what_it_cannot_do(sayso, song, tmp_path):
    for words in ("What time is it?", "xyzzy " * 20_000, "quita la voz de la canción", ""):
        done = sayso("ask", song, words, "-o", "out")
        assert done.returncode == 4, words[:50]
        assert done.stderr.strip()
        assert not (tmp_path / "out").exists()


def test_a_chat_goes_on_until_the_empty_line(sayso, song, tmp_path):
    talk = "mute the vocals\nwhat time is it?\nundo\nmake the drums 3 dB louder\n\n"
    done = sayso("ask", song, "--chat", "-o", "out", input=talk)
    assert done.returncode == 0
    assert done.stdout.count("> ") == 5
    assert written(tmp_path / "out") == ["song/mix.wav"]


def test_separate_as_users_of_demucs_expect(sayso, song, tmp_path):
    options = ("--target", "drums", "--target", "bass", "--flac", "--int24")
    done = sayso("separate", song, "-o", "out", *options)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "out") == ["song/bass.flac", "song/drums.flac"]
    options = ("--two-stems", "vocals", "--filename", "{target}-of-{track}.{ext}", "--mp3")
    assert sayso("separate", song, "-o", "two", *options).returncode == 0
    assert written(tmp_path / "two") == ["no_vocals-of-song.mp3", "vocals-of-song.mp3"]


def test_separate_makes_every_stem_and_goes_on_after_a_bad_file(sayso, song, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    done = sayso("separate", bad, song, "-o", "out", "--float32", "--model", "simple")
    assert done.returncode == 3
    assert "bad.wav" in done.stderr
    names = [name for name in written(tmp_path / "out") if name.endswith(".wav")]
    assert {"song/vocals.wav", "song/drums.wav", "song/bass.wav", "song/other.wav"} <= set(names)
    total = sum(read(tmp_path / "out" / name).samples for name in names)
    assert decibels(float(np.abs(total - read(song).samples).max())) < -90


def test_info_tells_what_a_file_holds(sayso, song):
    found = json.loads(sayso("info", song, "--json").stdout)
    assert found["sample_rate"] == 44_100
    assert found["frames"] == 6 * 44_100
    assert -30 < found["loudness_lufs"] < -5
    assert "44100 Hz" in sayso("info", song).stdout


def test_models_lists_the_catalogue(sayso):
    names = [model["name"] for model in json.loads(sayso("models", "--json").stdout)]
    assert "simple" in names


BAD = [
    ("empty.wav", lambda p: p.touch(), 3, "empty"),
    ("text.wav", lambda p: p.write_text("hello"), 3, "not audio"),
    (
        "nan.wav",
        lambda p: soundfile.write(p, np.full((99, 2), np.nan), 44_100, "FLOAT"),
        3,
        "not a",
    ),
    ("none.wav", lambda p: soundfile.write(p, np.zeros((0, 2)), 44_100), 3, "no samples"),
    ("many.wav", lambda p: soundfile.write(p, np.zeros((9, 200)), 44_100), 3, "200 channels"),
    ("missing.wav", lambda p: None, 3, "no such file"),
]


@pytest.mark.parametrize(("name", "make", "code", "words"), BAD)
def test_bad_files_are_explained(sayso, tmp_path, name, make, code, words):
    make(tmp_path / name)
    done = sayso("ask", name, "remove the vocals", "-o", "out")
    assert done.returncode == code
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_shortest_sounds_and_broken_files_still_work(sayso, tmp_path, noise):
    write(tmp_path / "short.wav", noise(0.01))
    whole = write(tmp_path / "whole.mp3", noise(4.0)).read_bytes()
    (tmp_path / "cut.mp3").write_bytes(whole[: len(whole) // 2])
    for name in ("short.wav", "cut.mp3"):
        done = sayso("ask", name, "remove the vocals", "-o", "out")
        assert done.returncode == 0, done.stderr
    assert "breaks off" in done.stderr
    assert written(tmp_path / "out") == ["cut/mix.wav", "short/mix.wav"]


def test_where_nothing_can_be_written(sayso, song, tmp_path):
    (tmp_path / "out").touch()
    done = sayso("ask", song, "remove the vocals", "-o", "out")
    assert done.returncode == 5
    assert "choose another" in done.stderr
    done = sayso("ask", song, "remove the vocals", "--filename", "../{track}.{ext}")
    assert done.returncode == 5


def test_a_sound_that_nobody_hears(sayso, song, tmp_path):
    done = sayso("ask", song, "remove the vuvuzela", "-o", "out", "--model", "simple")
    assert done.returncode == 4
    assert "vuvuzela" in done.stderr
    assert "vocals" in done.stderr
    done = sayso("separate", song, "--target", "vuvuzela", "-o", "out", "--model", "simple")
    assert done.returncode == 4
    assert "vuvuzela" in done.stderr
    assert not (tmp_path / "out").exists()


def test_unknown_models_and_options(sayso, song):
    done = sayso("ask", song, "remove the vocals", "--model", "simpel")
    assert done.returncode == 6
    assert "simple" in done.stderr
    assert sayso("ask", song, "remove the vocals", "--loud").returncode == 2


def test_a_file_is_cleaned_and_told_as_json(sayso, song, tmp_path):
    done = sayso("clean", song, "-o", "cleaned", "--config", "fast", "--json")
    assert done.returncode == 0
    row = json.loads(done.stdout)
    assert row["status"] == "cleaned"
    assert json.loads((tmp_path / "cleaned" / "metrics.json").read_text()) == [row]


def test_stopping_leaves_nothing_half_written(tmp_path, noise):
    write(tmp_path / "long.wav", noise(60.0))
    command = [*SAYSO, "ask", "long.wav", "remove the vocals", "-o", "out", "--no-cache"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    # Stopped within an import, Python ends by the signal itself, which shells tell as 130, too.
    assert process.returncode in (130, -signal.SIGINT)
    assert "stopped" in told
    assert "Traceback" not in told
    assert written(tmp_path) == ["long.wav"]
