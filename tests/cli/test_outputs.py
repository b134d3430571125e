"""Nothing of a person's is lost, whatever a command is told to write where."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sayso.audio import Audio, probe, read, write
from sayso.cli import main
from sayso.cli.inputs import parted
from sayso.desk import parse_moves
from sayso.errors import NothingToDoError, UnknownTargetError
from sayso.studio import Studio

RATE = 16_000


def sound(seconds=0.5, seed=0):
    samples = 0.1 * np.random.default_rng(seed).standard_normal((1, round(RATE * seconds)))
    return Audio(samples.astype(np.float32), RATE)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAYSO_CACHE", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    write(tmp_path / "take.wav", sound())
    return tmp_path


@pytest.fixture
def sayso(here, capsys):
    """A command of the person: its exit code, and what it said."""

    def run(*arguments):
        try:
            code = main([*map(str, arguments)])
        except SystemExit as error:
            code = error.code
        told = capsys.readouterr()
        return SimpleNamespace(code=code, out=told.out, err=told.err)

    return run


def files(folder="."):
    return sorted(
        str(p.relative_to(folder))
        for p in Path(folder).rglob("*")
        if p.is_file() and ".sayso" not in p.parts
    )


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


ON_INPUTS = [
    ("ask", "take.wav", "3 dB quieter", "-o", ".", "--filename", "{track}.{ext}"),
    ("ask", "take.wav", "3 dB quieter", "-o", "take.wav"),
    ("ask", "./take.wav", "3 dB quieter", "-o", "sub/../take.wav", "--overwrite"),
    ("separate", "take.wav", "-n", "simple", "--target", "vocals", "-o", "link/take.wav"),
    ("clean", "take.wav", "-o", ".", "--config", "fast"),
    ("clean", "link/take.wav", "-o", ".", "--config", "fast", "--overwrite"),
    ("clean", "take.wav", "other.wav", "-o", "link", "--config", "fast"),
    ("ask", "take.wav", "other.wav", "3 dB quieter", "-o", "link", "--filename",
     "{track}.{ext}", "--overwrite"),
    ("edit", "render", "cut.json", "-o", "take.wav", "--overwrite"),
    ("edit", "render", "cut.json", "-o", "link/take.wav"),
    ("edit", "export", "cut.json", "--raw", "take.wav", "-o", "cut.json", "--overwrite"),
    ("edit", "align", "take.wav", "other.wav", "-o", "cut.json"),
    ("train", "average", "take.wav", "other.wav", "-o", "link/take.wav", "--overwrite"),
    ("train", "export", "take.wav", "-o", "other.wav"),
]  # fmt: skip


@pytest.mark.parametrize("command", ON_INPUTS, ids=" ".join)
def test_no_command_replaces_what_it_reads(sayso, here, command):
    write(here / "other.wav", sound(seed=1))
    (here / "sub").mkdir()
    (here / "link").symlink_to(here)
    labels = here / "l.txt"
    labels.write_text("0.1\t0.4\t1\n")
    assert sayso("edit", "export", labels, "--raw", "take.wav", "-o", "cut.json").code == 0
    before = {name: digest(name) for name in files()}
    done = sayso(*command)
    assert done.code == 5, done.err
    assert "replace the source" in done.err or "there already" in done.err
    assert {name: digest(name) for name in files()} == before


def test_a_second_song_of_the_same_name_leaves_the_first(sayso, here):
    for folder in "ab":
        write(here / folder / "song.wav", sound(seed=ord(folder)))
    options = ("-n", "simple", "--target", "vocals")
    assert sayso("separate", "a/song.wav", *options).code == 0
    first = digest("separated/song/vocals.wav")
    second = sayso("separate", "b/song.wav", *options)
    assert second.code == 0
    assert "separated/song-2/vocals.wav" in second.out
    assert "is taken and stays" in second.err
    assert digest("separated/song/vocals.wav") == first != digest("separated/song-2/vocals.wav")
    assert sayso("separate", "b/song.wav", *options, "--overwrite").code == 0
    assert digest("separated/song/vocals.wav") == digest("separated/song-2/vocals.wav")


def test_a_second_request_and_a_second_clean_leave_the_first(sayso, here):
    for words in ("3 dB quieter", "6 dB quieter"):
        assert sayso("ask", "take.wav", words, "-o", "out").code == 0
    assert files("out") == ["take-2/mix.wav", "take/mix.wav"]
    for _ in range(2):
        assert sayso("clean", "take.wav", "-o", "clean", "--config", "fast").code == 0
    wavs = [name for name in files("clean") if name.endswith(".wav")]
    assert wavs == ["take-2.wav", "take.wav"]
    rows = json.loads((here / "clean/metrics.json").read_text())
    assert [row["output"] for row in rows] == ["take.wav", "take-2.wav"]


def test_stems_that_a_pattern_would_put_in_one_file_are_refused_before_any_work(sayso, here):
    for pattern in ("{track}.{ext}", "stem.wav", "{track}/x.{ext}"):
        done = sayso("separate", "take.wav", "-n", "simple", "-o", "out", "--filename", pattern)
        assert done.code == 5
        assert "the same name" in done.err
    assert files() == ["take.wav"]


def test_a_file_of_that_name_in_that_format(sayso, here):
    done = sayso("ask", "take.wav", "3 dB quieter", "-o", "quiet/take-quiet.mp3")
    assert done.code == 0, done.err
    assert probe("quiet/take-quiet.mp3").format == "mp3"
    again = sayso("ask", "take.wav", "3 dB quieter", "-o", "quiet/take-quiet.mp3")
    assert again.code == 5 and "--overwrite" in again.err
    over = sayso("ask", "take.wav", "3 dB quieter", "-o", "quiet/take-quiet.mp3", "--overwrite")
    assert over.code == 0
    done = sayso("clean", "take.wav", "-o", "clean.flac", "--config", "fast")
    assert done.code == 0, done.err
    assert files() == ["clean.flac", "quiet/take-quiet.mp3", "take.wav"]
    stems = sayso("separate", "take.wav", "-n", "simple", "-o", "stems.flac")
    assert stems.code == 5 and "name a folder" in stems.err
    assert (
        sayso("separate", "take.wav", "-n", "simple", "--target", "bass", "-o", "b.flac").code == 0
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--format", "doc"), "not a format"),
        (("-o", "out.wma"), "not a format"),
        (("--flac", "--float32"), "cannot hold float32"),
        (("--filename", "{track}/{stem}.{ext}"), "pattern"),
        (("--filename", "../{track}/{target}.{ext}"), "leaves the output folder"),
        (("--filename", "{track}-{target}"), "no ending"),
        (("-o", "take.wav/x"), "is no folder"),
        (("-o", "x.mp3", "--flac"), "flac was asked for"),
    ],
)
def test_late_errors_come_early(sayso, here, monkeypatch, options, words):
    def separate(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr("sayso.separate.simple.SimpleSeparator.separate", separate)
    for command in (("ask", "take.wav", "remove the vocals"), ("separate", "take.wav")):
        done = sayso(*command, "-n", "simple", *options)
        assert (done.code, words in done.err) == (5, True), done.err
    assert files() == ["take.wav"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("separate", "take.wav", "-n", "simple", "--target", ""), 4),
        (("separate", "take.wav", "-n", "simple", "--target", "vocals", "--target", " , "), 4),
        (("separate", "take.wav", "-n", "simple", "--target", "vocals, kazoo"), 4),
        (("separate", "take.wav", "other.wav", "-n", "simple", "--target", "vocals, kazoo"), 4),
        (("ask", "take.wav", "remove the vocals and the kazoo", "-n", "simple"), 4),
        (("ask", "take.wav", "other.wav", "3 dB quieter, remove the kazoo", "-n", "simple"), 4),
        (("ask", "take.wav", "3 dB quieter", "-o", ""), 5),
        (("ask", "take.wav", "3 dB quieter", "--filename", ""), 5),
        (("clean", "take.wav", "--config", "fast", "--format", "doc"), 5),
        (("edit", "render", "cut.json", "-o", "x.wma"), 5),
        (("demo", "-o", "x.doc"), 5),
        (("edit", "export", "cut.json", "--raw", "take.wav", "-o", "x.doc"), 5),
    ],
    ids=str,
)
def test_what_cannot_be_done_whole_is_not_begun(sayso, here, command, code):
    write(here / "other.wav", sound(seed=1))
    (here / "l.txt").write_text("0.1\t0.4\t1\n")
    assert sayso("edit", "export", "l.txt", "--raw", "take.wav", "-o", "cut.json").code == 0
    before = files()
    done = sayso(*command)
    assert (done.code, files()) == (code, before), done.err
    assert done.err.startswith("sayso: ") and len(done.err) > 30


def test_what_is_only_talk_stops_nothing_and_is_told(sayso, here):
    done = sayso("ask", "take.wav", "3 dB quieter, and what's the weather", "-o", "out.wav")
    assert done.code == 0
    assert "I only work on sound" in done.err


def test_batches_tell_what_was_held_down_and_what_was_damaged(sayso, here):
    write(here / "loud.flac", Audio(8 * sound(3.0).samples, RATE))
    data = bytearray((here / "loud.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 100] = bytes(100)
    (here / "loud.flac").write_bytes(data)
    done = sayso("ask", "take.wav", "loud.flac", "12 dB louder", "-o", "out")
    assert done.code == 0
    assert "loud.flac: mix: peaks were held under" in done.err
    assert "the file is damaged" in done.err


def test_stdout_is_named_by_its_sign(here):
    done = subprocess.run(
        [sys.executable, "-m", "sayso", "ask", "take.wav", "3 dB quieter", "-o", "-"],
        capture_output=True,
    )
    assert done.returncode == 0
    assert done.stdout[:4] == b"RIFF"
    told = done.stderr.decode()
    assert "/tmp" not in told and told.rstrip().endswith("\t-")


def test_a_disk_without_room_is_told_before_the_work(sayso, here, monkeypatch):
    usage = namedtuple("usage", "total used free")
    (here / "l.txt").write_text("0.1\t0.4\t1\n")
    assert sayso("edit", "export", "l.txt", "--raw", "take.wav", "-o", "cut.json").code == 0
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(9e9, 9e9, 1000))
    done = sayso("edit", "render", "cut.json", "-o", "cut.wav")
    assert (done.code, "takes" in done.err) == (5, True), done.err
    for command in (
        ("ask", "take.wav", "3 dB quieter"),
        ("separate", "take.wav", "-n", "simple"),
        ("clean", "take.wav", "--config", "fast"),
        ("ask", "take.wav", "take.wav", "3 dB quieter", "--pattern", "*"),
        ("clean", "take.wav", "--pattern", "*", "--config", "fast"),
    ):
        done = sayso(*command, "-o", "out")
        assert (done.code, "has 1.0 kB of room" in done.err) == (5, True), done.err
    assert [name for name in files() if name.endswith(".wav")] == ["take.wav"]
    # What becomes shorter may fit.
    assert sayso("ask", "take.wav", "keep the first 0.01 seconds", "-o", "out").code == 0


def test_several_sounds_in_one_option(sayso, here):
    for number, given in enumerate(("vocals,drums", "Drums; vocals", "the vocals and drums")):
        out = f"out{number}"
        done = sayso("separate", "take.wav", "-n", "simple", "--target", given, "-o", out)
        assert done.code == 0
        assert files(out) == ["take/drums.wav", "take/vocals.wav"]
        assert digest(f"{out}/take/drums.wav") != digest(f"{out}/take/vocals.wav")
    done = sayso("separate", "take.wav", "-n", "simple", "--two-stems", "vocals,drums", "-o", "two")
    assert done.code == 4 and "one sound" in done.err
    session = Studio().open(here / "take.wav")  # which hears almost anything
    for targets in (["vocals,drums"], ["vocals", "drums; bass"]):
        with pytest.raises(UnknownTargetError, match="is a list"):
            session.do(parse_moves([{"do": "extract", "targets": targets}]))
    for targets in (("vocals,vuvuzela",), ("vocals", "vuvuzela"), ("vuvuzela",)):
        options = [part for target in targets for part in ("--target", target)]
        done = sayso("separate", "take.wav", "-n", "simple", *options, "-o", "none")
        assert done.code == 4 and "vuvuzela" in done.err
    assert not (here / "none").exists()


def test_names_are_kept(sayso, here):
    longest = "n" * 251 + ".wav"
    for name in ("1.5b take.wav", "Jay's (live) & more!.wav", ".hidden.wav", longest):
        (here / name).write_bytes((here / "take.wav").read_bytes())
        stem = name.removesuffix(".wav")
        assert sayso("ask", name, "3 dB quieter", "-o", "out").code == 0
        assert (here / "out" / stem / "mix.wav").is_file()
        assert sayso("clean", name, "-o", "clean", "--config", "fast", "--overwrite").code == 0
        assert (here / "clean" / name).is_file()
        flat = ("--filename", "{track}.{ext}", "--flac")
        assert sayso("ask", name, "3 dB quieter", "-o", "flat", *flat).code == 0
    assert len(files("flat")) == 4
    assert {"1.5b take.flac", "Jay's (live) & more!.flac"} < set(files("flat"))


def test_what_others_have_in_the_folder_of_a_report_stays(sayso, here):
    out = here / "out"
    (out / "snippets").mkdir(parents=True)
    (out / "snippets/mine.mp3").write_text("mine")
    (out / "summary.md").write_text("my remarks")
    done = sayso("clean", "take.wav", "-o", "out", "--config", "fast")
    assert done.code == 5 and "summary.md" in done.err
    assert files("out") == ["snippets/mine.mp3", "summary.md"]
    (out / "summary.md").unlink()
    for _ in range(2):
        assert sayso("clean", "take.wav", "-o", "out", "--config", "fast").code == 0
    assert (out / "snippets/mine.mp3").read_text() == "mine"
    assert len(files("out/snippets")) == 5
    (out / "report.html").write_text("with my remarks")
    assert sayso("measure", "out").code == 5
    assert (out / "report.html").read_text() == "with my remarks"
    assert sayso("measure", "out", "--overwrite").code == 0


def test_measuring_beside_the_sources_measures_the_outputs(sayso, here, monkeypatch):
    samples = np.zeros((1, 2 * RATE), np.float32)
    samples[:, :RATE] = sound(1.0).samples
    write(here / "take.wav", Audio(samples, RATE))
    assert sayso("clean", "take.wav", "-o", "cleaned", "--config", "fast").code == 0
    write(here / "cleaned/take.wav", Audio(0.1 * samples, RATE))  # heard, and not the source

    def level(row):
        return row["metrics"]["si_sdr_after"] - row["metrics"]["si_sdr_before"]

    for place, folder in ((here, "cleaned"), (here / "cleaned", "."), (here.parent, "x")):
        monkeypatch.chdir(place)
        folder = here / "cleaned" if folder == "x" else folder
        done = sayso("measure", folder, "--reference", here / "ref", "--json")
        assert done.code == 8  # there is no such folder yet
        monkeypatch.setattr("sayso.reports.evaluation.judge", judged)
        done = sayso("measure", folder, "--json")
        (row,) = json.loads(done.out)
        assert row["metrics"]["peak_before"] == pytest.approx(
            10 * row["metrics"]["peak_after"], 0.01
        )


def judged(before, after, measures, **_):
    peaks = {"before": before, "after": after}
    return {f"peak_{name}": float(np.abs(sound.samples).max()) for name, sound in peaks.items()}


def test_pipes_are_read_and_written(here):
    def run(command, **options):
        shell = command.replace("sayso", f"{sys.executable} -m sayso")
        return subprocess.run(["bash", "-c", shell], capture_output=True, timeout=120, **options)

    done = run('cat take.wav | sayso ask - "3 dB quieter" -o - --format flac | cat')
    assert done.stdout[:4] == b"fLaC", done.stderr
    (here / "quiet.flac").write_bytes(done.stdout)
    ratio = np.abs(read("quiet.flac").samples).max() / np.abs(read("take.wav").samples).max()
    assert ratio == pytest.approx(10 ** (-3 / 20), abs=1e-3)
    done = run("sayso info <(cat take.wav) --json")
    assert json.loads(done.stdout)["frames"] == 8000
    done = run('sayso ask <(cat take.wav) <(cat take.wav) "3 dB quieter" -o out')
    assert done.returncode == 0, done.stderr
    assert files("out") == ["manifest.jsonl", "pipe-2/mix.wav", "pipe/mix.wav"]
    done = run("sayso info - < /dev/null")
    assert done.returncode == 3 and b"nothing came through" in done.stderr
    done = run("sayso separate take.wav -n simple -o - | cat; exit ${PIPESTATUS[0]}")
    assert done.returncode == 5 and b"name a folder" in done.stderr and not done.stdout
    done = run("sayso edit align <(cat take.wav) take.wav -o cut.json")
    assert done.returncode == 3 and b"an edit names its recording" in done.stderr
    done = run("cat take.wav | sayso clean - -o - --config fast --flac | head -c 4")
    assert done.stdout == b"fLaC", done.stderr
    done = run("sayso info /dev/zero")
    assert done.returncode == 3 and b"device" in done.stderr


def test_words_without_quotes_are_understood_or_refused(here, sayso):
    for given, found in [
        (["take.wav", "remove", "the", "vocals"], (["take.wav"], "remove the vocals")),
        (["take.wav", "louder"], (["take.wav"], "louder")),
        (["take.wav", "gone.wav", "louder"], (["take.wav", "gone.wav"], "louder")),
        (["take.wav", "gone", "make it louder"], (["take.wav", "gone"], "make it louder")),
        (["*.mp3", "s3://b/x", "cut", "it"], (["*.mp3", "s3://b/x"], "cut it")),
        (["-", "mono", "please"], (["-"], "mono please")),
    ]:
        assert parted(given, chat=False) == found
    for given in (
        ["take.wav"],
        ["take.wav", "take.wav"],
        ["remove", "vocals", "take.wav"],
        ["take.wav", "gone.wav"],
        ["take.wav", "mix", "take.wav", "in"],
        ["remove", "the", "vocals"],
    ):
        with pytest.raises(NothingToDoError):
            parted(given, chat=False)
    assert sayso("ask", "take.wav", "turn", "it", "down", "by", "3", "dB", "-o", "out").code == 0
    assert files("out") == ["take/mix.wav"]


def test_file_names_do_not_steer_the_terminal(sayso, here):
    name = "a\x1b]0;owned\x07.wav"
    (here / name).write_bytes((here / "take.wav").read_bytes())
    for command in (("info", name + "x"), ("ask", name, "3 dB quieter"), ("separate", name)):
        done = sayso(*command)
        assert "\x1b" not in done.out + done.err
        assert "\\x1b" in done.out + done.err


def test_a_demo_that_is_there_is_no_other_song(sayso, here):
    assert sayso("demo", "-o", "song.wav").code == 0
    assert sayso("demo", "-o", "song.wav").code == 0
    assert sayso("demo", "-o", "take.wav").code == 5
    assert read("take.wav").frames == 8000


def test_a_chat_replaces_only_what_it_wrote(sayso, here, monkeypatch):
    Path("out/take").mkdir(parents=True)
    Path("out/take/mix.wav").write_text("mine")
    monkeypatch.setattr("sys.stdin", io.StringIO("3 dB quieter\neven quieter\n\n"))
    assert sayso("ask", "take.wav", "--chat", "-o", "out").code == 0
    assert files("out") == ["take-2/mix.wav", "take/mix.wav"]
    assert Path("out/take/mix.wav").read_text() == "mine"
    monkeypatch.setattr("sys.stdin", io.StringIO("3 dB quieter\neven quieter\n\n"))
    named = sayso("ask", "take.wav", "--chat", "-o", "quiet.flac")
    assert named.err.count("there already") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("3 dB quieter\n\n"))
    assert "there already" in sayso("ask", "take.wav", "--chat", "-o", "quiet.flac").err
