"""Defaults from the environment and a file, exit codes, help, completion, and what is written."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from sayso.audio import integrated_lufs, probe, read, write
from sayso.cli import main
from sayso.cli.parser import build_parser
from sayso.cli.settings import SETTINGS, codes, commands_of, table

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


# Lists of nine lists each: little to hold, and more than any memory to print.
BOMB = (
    "[&a [x]"
    + "".join(f", &{new} [{', '.join(['*' + old] * 9)}]" for old, new in pairwise("abcdefghijk"))
    + "]"
)


@pytest.fixture
def place(tmp_path, monkeypatch, demo):
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("SAYSO_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.setenv("SAYSO_CACHE", str(tmp_path / "stems"))
    (tmp_path / "config.yaml").write_text("model: simple\npull: never\n")
    write(tmp_path / "song.wav", demo["mix"].slice(0, 44_100))
    return tmp_path


def refused(capsys, *arguments):
    """The exit code and what was said of a call that argparse refuses."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return stop.value.code, capsys.readouterr().err


def test_the_page_shows_the_tables_as_they_are():
    page = PAGE.read_text()
    assert table() in page and codes() in page


def test_every_setting_is_of_an_option_that_is_there():
    names = {action.dest for c in commands_of(build_parser()) for action in c._actions}
    assert {s.option for s in SETTINGS if s.option and s.name != "llm"} <= names


def test_options_win_over_the_environment_and_that_over_the_file(place, monkeypatch):
    (place / "config.yaml").write_text("model: simple\nformat: flac\npull: never\n")
    assert main(["ask", "song.wav", "make it louder", "-o", "a"]) == 0
    monkeypatch.setenv("SAYSO_FORMAT", "ogg")
    assert main(["ask", "song.wav", "make it louder", "-o", "b"]) == 0
    assert main(["ask", "song.wav", "make it louder", "-o", "c", "--format", "aiff"]) == 0
    made = [next((place / f / "song").iterdir()).name for f in "abc"]
    assert made == ["mix.flac", "mix.ogg", "mix.aiff"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fromat: flac", "did you mean 'format'"),
        ("[1, 2]", "expected names with values"),
        ("threads: many", "SAYSO_THREADS is 'many'"),
        ("overwrite: perhaps", "expected yes or no"),
        ("a: b: c", "expected YAML"),
        ("format: [wav]", "expected one value"),
        ("[" * 100_000, "nested too deeply"),
        (f"model: simple\nmodels: {BOMB}", "models is a list; expected one value"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(place, capsys, text, said):
    (place / "config.yaml").write_text(text)
    assert main(["info", "song.wav"]) == 7
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("out", ["/".join(["y" * 200] * 30) + "/o.wav", "round/o.wav"])
def test_a_name_that_the_system_refuses_is_no_mistake_of_ours(place, capsys, out):
    (place / "round").symlink_to("round")
    assert main(["ask", "song.wav", "make it louder", "-o", out]) == 5
    assert "mistake of ours" not in capsys.readouterr().err


def test_overwriting_can_be_the_default_and_be_taken_back(place, monkeypatch):
    monkeypatch.setenv("SAYSO_OVERWRITE", "yes")
    for _ in range(2):
        assert main(["ask", "song.wav", "make it louder", "-o", "out.wav"]) == 0
    assert main(["ask", "song.wav", "make it louder", "-o", "out.wav", "--no-overwrite"]) == 5


def test_an_unknown_option_shows_the_usage_of_its_command(place, capsys):
    code, said = refused(capsys, "separate", "song.wav", "--flacc")
    assert code == 2 and said.startswith("usage: sayso separate") and "--flacc" in said
    code, said = refused(capsys, "edit", "render", "x.otio", "-o", "y.wav", "--nope")
    assert said.startswith("usage: sayso edit render")


def test_bit_rate_channels_rate_and_loudness_are_as_asked(place):
    asked = ["ask", "song.wav", "make it louder", "-o"]
    assert main([*asked, "a.mp3", "--bitrate", "96k", "--mono", "--lufs", "-20"]) == 0
    with av.open("a.mp3") as file:
        assert file.streams.audio[0].codec_context.bit_rate == 96_000
    assert probe("a.mp3").channels == 1
    assert main([*asked, "b.wav", "--sample-rate", "48000", "--lufs", "-20"]) == 0
    made = read("b.wav")
    assert (made.sample_rate, made.frames) == (48_000, 48_000)
    assert integrated_lufs(made) == pytest.approx(-20, abs=0.15)


def test_stems_are_shaped_alike(place):
    assert main(["separate", "song.wav", "--two-stems", "drums", "--mono", "-o", "out"]) == 0
    drums, rest = (read(place / "out/song" / n) for n in ("drums.wav", "no_drums.wav"))
    mix = read("song.wav").samples.mean(axis=0)
    assert drums.channels == 1
    assert np.allclose(drums.samples[0] + rest.samples[0], mix, atol=1e-5)


@pytest.mark.parametrize(
    ("out", "said"), [("a.wav", "wav cannot hold 96k"), ("a.ogg", "ogg cannot hold 96k")]
)
def test_a_bit_rate_is_refused_where_none_can_be_chosen(place, capsys, out, said):
    assert main(["ask", "song.wav", "make it louder", "-o", out, "--bitrate", "96k"]) == 5
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["ask", "song.wav", "make it louder", "-o", "out"],
        ["separate", "song.wav", "--target", "drums", "-o", "out"],
        ["separate", "song.wav", "song.wav", "-o", "out"],
        ["clean", "song.wav", "-o", "out"],
        ["demo", "-o", "out.wav"],
    ],
    ids=" ".join,
)
def test_a_dry_run_says_what_would_be_and_writes_nothing(place, capsys, command):
    before = sorted(place.rglob("*"))
    assert main([*command, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "out" in json.dumps(told)
    assert sorted(place.rglob("*")) == before


def test_quiet_says_only_the_result_and_verbose_more(place, capsys):
    command = ["separate", "song.wav", "--target", "drums", "--overwrite", "-o", "out"]
    assert main([*command, "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, "-v"]) == 0
    said = capsys.readouterr().err
    assert "config.yaml" in said and "took" in said
    assert main(["separate", "nothing.wav", "-q"]) == 3
    assert "nothing.wav" in capsys.readouterr().err


def test_kept_stems_are_shown_bounded_and_cleared(place, capsys, monkeypatch):
    for targets in ("drums", "bass"):
        assert main(["separate", "song.wav", "--target", targets, "-o", "out"]) == 0
    capsys.readouterr()
    assert main(["cache", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stems"] == 2 and told["bytes"] == 2 * 44_100 * 2 * 4
    assert main(["cache", "clear", "--to", "400k", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == 44_100 * 2 * 4
    assert main(["cache", "clear"]) == 0
    assert "0.0 MB are kept" in capsys.readouterr().out
    monkeypatch.setenv("SAYSO_CACHE_LIMIT", "lots")
    assert main(["cache"]) == 7


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_every_shell(place, capsys, shell):
    assert main(["completion", shell]) == 0
    assert "sayso" in capsys.readouterr().out


def test_the_shell_is_told_commands_and_options(place):
    def completed(line):
        code = "from sayso.cli import main; main()"
        surroundings = {
            "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)),
            "_ARGCOMPLETE_SUPPRESS_SPACE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": str(place / "told"),
            "_ARGCOMPLETE_IFS": "\n", "PYTHONPATH": ":".join(sys.path),
        }  # fmt: skip
        subprocess.run([sys.executable, "-c", code], env=surroundings, check=True, timeout=60)
        return (place / "told").read_text().split("\n")

    assert {"ask", "separate", "cache"} <= {word.strip() for word in completed("sayso ")}
    assert "--bitrate" in {word.strip() for word in completed("sayso ask --b")}


def test_a_conversation_renders_saves_takes_back_and_ends(place, capsys, monkeypatch):
    said = iter(
        ["mute the drums", "save kept.wav", "undo", "redo", "render", "undo", "undo", "quit", "x"]
    )
    monkeypatch.setattr("sys.stdin.readline", lambda: f"{next(said)}\n", raising=False)
    assert main(["ask", "song.wav", "--chat", "-o", "mine.wav"]) == 0
    told = capsys.readouterr()
    assert next(said) == "x"
    assert "nothing to undo" in told.err
    kept, mine, song = (read(place / n).samples for n in ("kept.wav", "mine.wav", "song.wav"))
    assert not np.array_equal(kept, mine)
    assert np.allclose(mine, song, atol=1e-6)


def test_info_tells_several_files_with_tempo_key_and_tags(place, capsys, demo):
    from sayso.audio import Tags

    tags = Tags({"title": ("Where the river bends",)})
    write(place / "whole.flac", demo["mix"], tags=tags)
    assert main(["info", "whole.flac", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tempo_bpm"] == pytest.approx(told["tempo_bpm"]) and told["tempo_bpm"] > 50
    assert told["key"].split()[1] in ("major", "minor")
    assert told["tags"] == {"title": "Where the river bends"}
    assert main(["info", "whole.flac", "nothing.wav", "song.wav"]) == 3
    said = capsys.readouterr()
    assert "nothing.wav" in said.err
    assert said.out.count("loudness") == 2 and "beats a minute" in said.out
