"""What a person's files say and hold comes through every command."""

from __future__ import annotations

import json

import pytest
from tests.audio.material import contain, spoil, sweep

from sayso.audio import Chapter, Picture, Tags, read, read_tags, write
from sayso.cli import main

TAGS = Tags(
    {"title": ("A song",), "artist": ("Somebody",), "date": ("1999",)},
    (Picture(b"\x89PNG\r\n\x1a\n" + bytes(50), "image/png"),),
    (Chapter(0.0, 1.0, "one"), Chapter(1.0, 2.0, "two")),
)


@pytest.fixture
def song(tmp_path, tone):
    return write(tmp_path / "song.mp3", tone(2.0, level=0.1), tags=TAGS)


def kept(path):
    found = read_tags(path)
    assert {name: found.fields[name] for name in TAGS.fields} == TAGS.fields
    assert [picture.data for picture in found.pictures] == [TAGS.pictures[0].data]
    return found.chapters


def test_ask_keeps_tags_covers_and_chapters(song, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["ask", str(song), "make it 3 dB louder", "-o", str(out), "--flac"]) == 0
    assert [chapter.title for chapter in kept(out / "song" / "mix.flac")] == ["one", "two"]
    assert "chapter" not in capsys.readouterr().err


def test_what_cannot_be_kept_is_said(song, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["ask", str(song), "make it 3 dB louder", "-o", str(out)]) == 0
    assert not kept(out / "song" / "mix.wav")
    assert "its 2 chapters were left out; .wav holds none" in capsys.readouterr().err


def test_an_edit_moves_chapters(song, tmp_path, capsys):
    labels = tmp_path / "l.txt"
    labels.write_text("0.5\t2.0\tkept\n")
    edit, cut = tmp_path / "e.otio", tmp_path / "cut.mp3"
    assert main(["edit", "export", str(labels), "--raw", str(song), "-o", str(edit)]) == 0
    assert main(["edit", "render", str(edit), "-o", str(cut)]) == 0
    starts = [round(chapter.start_s, 2) for chapter in kept(cut)]
    assert starts == [0.0, 0.5]
    assert "2 of its 2 chapters moved with the edit" in capsys.readouterr().err


def test_a_limiter_is_told(tmp_path, tone, capsys):
    loud = write(tmp_path / "loud.wav", tone(1.0, level=0.7))
    out = str(tmp_path / "out")
    assert main(["ask", str(loud), "make it 12 dB louder", "-o", out]) == 0
    told = capsys.readouterr()
    assert "held under -0.3 dBTP by the limiter" in " ".join((told.out + told.err).split())


def test_tracks_are_chosen_in_every_command(tmp_path, capsys):
    path = contain(
        tmp_path / "a.mkv", [sweep(1.0), sweep(2.0)], codec="flac", languages=["eng", "ger"]
    )
    assert main(["info", str(path), "--json", "--track", "de"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 88_200
    assert main(["info", str(path), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["frames"] == 44_100
    assert "track 1 was taken" in told.err
    assert main(["info", str(path), "--track", "3"]) == 3
    out = tmp_path / "out"
    words = "make it 3 dB quieter"
    assert main(["ask", str(path), words, "-o", str(out), "--track", "2"]) == 0
    assert read(out / "a" / "mix.wav").frames == 88_200
    assert main(["clean", str(path), "-o", str(out), "--track", "2", "--config", "fast"]) == 0
    assert read(out / "a.wav").frames == 88_200


def test_damage_is_told_and_the_work_goes_on(tmp_path, capsys):
    bad = spoil(write(tmp_path / "a.flac", sweep(3.0)))
    out = tmp_path / "out"
    assert main(["ask", str(bad), "make it 3 dB quieter", "-o", str(out)]) == 0
    assert read(out / "bad-a" / "mix.wav").frames == 3 * 44_100
    assert "bad-a.flac: the file is damaged at" in capsys.readouterr().err
