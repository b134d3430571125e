"""One rule of where outputs go: never on an input, numbered where something is, none alike."""

from __future__ import annotations

import os
import shutil
import threading
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import OutputError
from sayso.outputs import Destination, Written, check_file, file_of

STEMS = ("vocals", "drums")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(path, content="mine"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def names(places):
    return [os.path.relpath(place) for place in places.values()]


@pytest.mark.parametrize(
    "spell",
    [
        lambda here: here / "song.wav",
        lambda here: "sub/../song.wav",
        lambda here: "link.wav",
        lambda here: "hard.wav",
        lambda here: "folder/song.wav",
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_output_never_replaces_an_input(here, spell, overwrite):
    song = make(here / "song.wav")
    (here / "sub").mkdir()
    (here / "link.wav").symlink_to("song.wav")
    (here / "hard.wav").hardlink_to(song)
    (here / "folder").symlink_to(here)
    for out in ("song.wav", here / "song.wav", "link.wav", "hard.wav", "folder/song.wav"):
        with pytest.raises(OutputError, match="replace the source"):
            Destination.to(out, overwrite=overwrite).choose("x", ["mix"], inputs=[spell(here)])
        with pytest.raises(OutputError, match="replace the source"):
            check_file(out, inputs=[spell(here)], overwrite=overwrite)
    folder = Destination.to("folder", pattern="{track}.{ext}", overwrite=overwrite)
    with pytest.raises(OutputError, match="replace the source"):
        folder.choose("song", ["mix"], inputs=[spell(here)])
    assert song.read_text() == "mine"


def test_what_is_there_stays_and_the_new_is_numbered_and_told(here):
    said = []
    out = Destination.to("out")
    assert names(out.choose("song", STEMS, notice=said.append)) == [
        "out/song/vocals.wav",
        "out/song/drums.wav",
    ]
    assert said == []
    make(here / "out/song/drums.wav")
    # Stems of one request stay together.
    assert names(out.choose("song", STEMS, notice=said.append)) == [
        "out/song-2/vocals.wav",
        "out/song-2/drums.wav",
    ]
    assert "out/song/drums.wav is taken" in said[0]
    make(here / "out/song-2/vocals.wav")
    assert names(out.choose("song", STEMS)) == ["out/song-3/vocals.wav", "out/song-3/drums.wav"]
    over = Destination.to("out", overwrite=True)
    assert names(over.choose("song", STEMS))[0] == "out/song/vocals.wav"
    ours = [here / "out/song/drums.wav"]
    assert names(Destination.to(here / "out").choose("song", STEMS, ours=ours))[0] == (
        "out/song/vocals.wav"
    )


def test_no_pattern_gives_two_outputs_one_name(here):
    for pattern in ("{track}.{ext}", "stem.wav", "{ext}.{ext}"):
        with pytest.raises(OutputError, match="the same name"):
            Destination.to("out", pattern=pattern).choose("song", STEMS)
        assert len(Destination.to("out", pattern=pattern).choose("song", ["mix"])) == 1
    alike = Destination.to("out").names("song", ["a/b", "a b", "A_B", "ﬁ", "fi"])
    assert len({name.casefold() for name in alike.values()}) == 5
    make(here / "out/vocals.wav")
    flat = Destination.to("out", pattern="{target}.{ext}").choose("song", STEMS)
    assert names(flat) == ["out/vocals-2.wav", "out/drums-2.wav"]


def test_files_in_the_place_of_folders_and_links_to_nothing_are_there(here):
    make(here / "out/song")
    (here / "out/voice").mkdir()
    (here / "out/voice/mix.wav").symlink_to("gone")
    out = Destination.to("out")
    assert names(out.choose("song", ["mix"])) == ["out/song-2/mix.wav"]
    assert names(out.choose("voice", ["mix"])) == ["out/voice-2/mix.wav"]
    (here / "elsewhere").mkdir()
    (here / "out/away").symlink_to(here / "elsewhere")
    with pytest.raises(OutputError, match="outside"):
        out.choose("away", ["mix"])


def test_a_named_file_has_the_format_of_its_ending(here):
    song = Destination.to("song-karaoke.mp3")
    assert (song.format, song.file) == ("mp3", "song-karaoke.mp3")
    assert names(song.choose("song", ["mix"])) == ["song-karaoke.mp3"]
    (here / "folder.mp3").mkdir()
    for folder in ("out", "out.v2", "folder.mp3", "new.wav/", "."):
        assert file_of(folder) is None
    with pytest.raises(OutputError, match="2 tracks"):
        song.choose("song", STEMS)
    make(here / "song-karaoke.mp3")
    with pytest.raises(OutputError, match=r"there already.*--overwrite"):
        song.choose("song", ["mix"])
    with pytest.raises(OutputError, match="not a format that can be written"):
        Destination.to("song.wma")
    with pytest.raises(OutputError, match="flac was asked for"):
        Destination.to("song.mp3", format="flac")
    with pytest.raises(OutputError, match="leave one of them out"):
        Destination.to("song.mp3", pattern="{track}.{ext}")
    with pytest.raises(OutputError, match="cannot hold float32"):
        Destination.to("song.flac", encoding="float32")
    with pytest.raises(OutputError, match="no ending"):
        Destination.to("out", pattern="{track}/{target}")
    assert Destination.to("out", pattern="{target}.flac").format == "flac"


def test_all_that_can_be_known_is_checked_before_the_work(here, monkeypatch):
    surround = Audio(np.zeros((6, 48_000), np.float32), 48_000)
    with pytest.raises(OutputError, match="at most 2 channels"):
        Destination.to("out", format="mp3").check("song", STEMS, sound=surround)
    make(here / "file")
    with pytest.raises(OutputError, match="is no folder"):
        Destination.to("file/out").check("song", STEMS)
    usage, free = namedtuple("usage", "total used free"), 1_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9e9, 9e9, free))
    with pytest.raises(OutputError, match=r"takes 1\.7 MB at least, but .* has 1\.0 MB of room"):
        Destination.to("new/out").check("song", STEMS, sound=surround)
    # What may well fit is not refused: silence takes next to nothing as FLAC.
    Destination.to("new/out", format="flac").check("song", STEMS, sound=surround)
    assert not (here / "new").exists()
    # What is written in a few bytes may need room for scratch files first.
    free = 1_000_000_000
    hour = SimpleNamespace(channels=2, frames=3600 * 48_000, sample_rate=48_000)
    with pytest.raises(OutputError, match=r"1\.4 GB at least.*TMPDIR"):
        Destination.to("new/out", format="opus").check("song", ["mix"], sound=hour)


def test_two_at_once_never_choose_one_name(here):
    chosen = []

    def work():
        with Destination.to("out").claim("song", ["mix"]) as places:
            chosen.append(places["mix"])
            make(places["mix"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(chosen)) == 8


def test_only_what_was_written_and_is_unchanged_is_replaced_or_deleted(here):
    out = here / "out"
    Written(out).put(
        {"report.html": "1", "snippets/1.mp3": b"a", "snippets/2.mp3": b"b"}, below="snippets/"
    )
    make(out / "snippets/mine.mp3")
    make(out / "snippets/2.mp3", "changed")
    written = Written(out)
    written.check(["report.html", "snippets/1.mp3", "new.md"])
    written.put({"report.html": "2"}, below="snippets/")
    assert sorted(p.name for p in (out / "snippets").iterdir()) == ["2.mp3", "mine.mp3"]
    make(out / "report.html", "with my remarks")
    with pytest.raises(OutputError, match="--overwrite"):
        Written(out).check(["report.html"])


@pytest.mark.parametrize(
    "record", ['{"../victim.txt": "HASH"}', '{"link/victim.txt": "HASH"}', "[", "[1]"]
)
def test_a_record_of_others_deletes_nothing(here, record):
    import hashlib

    victim = make(here / "victim.txt", "precious")
    out = here / "out"
    make(
        out / ".sayso/written.json", record.replace("HASH", hashlib.sha256(b"precious").hexdigest())
    )
    (out / "link").symlink_to(here)
    try:
        Written(out).put({"a": "b"}, below="")
    except OutputError as error:
        assert "outside" in str(error)
    assert victim.read_text() == "precious"
