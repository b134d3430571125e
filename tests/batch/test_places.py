"""Finding, fetching and delivering files, on this machine and elsewhere."""

from __future__ import annotations

import os

import fsspec
import pytest

from sayso.batch import find_sources
from sayso.batch.storage import absolute, deliver, fetch, sha256_of
from sayso.errors import InputError, OutputError


@pytest.fixture
def folder(tmp_path):
    for name in ("a.wav", "b/c.MP3", "b/[x] d.flac", "b/notes.txt", ".hidden/e.wav", "out/f.wav"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "in"


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    system.pipe({"/bucket/in/a.wav": b"one", "/bucket/in/sub/b.wav": b"three"})
    yield system
    system.rm("/bucket", recursive=True)


def found(*inputs, **options):
    return [source.relative for source in find_sources(inputs, **options)]


def test_folders_patterns_and_wildcards(folder):
    assert found(folder, without=folder / "out") == ["a.wav", "b/[x] d.flac", "b/c.MP3"]
    assert found(folder, pattern="**/*.wav") == ["a.wav", "out/f.wav"]
    assert found(folder, pattern="*.wav") == ["a.wav"]
    assert found(folder / "*/*.wav") == ["out/f.wav"]
    assert found(folder / "b" / "[x] d.flac", folder / "b") == ["[x] d.flac", "c.MP3"]
    assert found(f"file://{folder}", pattern="*.wav") == ["a.wav"]
    # One that is not there is an item, too: its failure is listed with its reason.
    assert found(folder / "missing.wav") == ["missing.wav"]
    # However a file is spelt, it is one.
    (folder / "link").symlink_to(folder)
    spelt = [folder / "a.wav", folder / "b" / ".." / "a.wav", folder / "link" / "a.wav"]
    assert found(*spelt) == ["a.wav"]
    before = find_sources([folder / "a.wav"])
    assert find_sources([folder / "a.wav"]) == before
    (folder / "a.wav").write_text("changed")
    assert find_sources([folder / "a.wav"]) != before


def test_what_cannot_be_found(folder, tmp_path):
    with pytest.raises(InputError, match=r"no file in it matches '\*\.opus'"):
        find_sources([folder], pattern="*.opus")
    # Only what lies in a folder below the one that is searched is left out.
    assert found(folder / "b", without=folder) == ["[x] d.flac", "c.MP3"]
    assert found(folder / "out" / "f.wav", without=folder / "out") == ["f.wav"]
    (tmp_path / "only" / "out").mkdir(parents=True)
    (tmp_path / "only" / "out" / "x.wav").touch()
    with pytest.raises(InputError, match="lies in the output folder"):
        find_sources([tmp_path / "only"], without=tmp_path / "only" / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no audio or video file"):
        find_sources([tmp_path / "empty"])
    with pytest.raises(InputError, match="nowhere://x"):
        find_sources(["nowhere://x/a.wav"])


def test_other_file_systems(memory, tmp_path):
    sources = find_sources(["memory://bucket/in"])
    assert [(source.relative, source.size) for source in sources] == [
        ("a.wav", 3),
        ("sub/b.wav", 5),
    ]
    copy = fetch(sources[1].url, tmp_path)
    assert copy.read_bytes() == b"three"
    digest = sha256_of(copy)
    deliver(copy, "memory://bucket/out", "x/b.wav")
    assert memory.cat("/bucket/out/x/b.wav") == b"three"
    assert not copy.exists()
    assert sha256_of(fetch("memory://bucket/out/x/b.wav", tmp_path)) == digest
    with pytest.raises(InputError, match="no such file"):
        fetch("memory://bucket/in/missing.wav", tmp_path)


def test_a_delivery_is_whole_or_not_there(tmp_path):
    made = tmp_path / "made.wav"
    made.write_text("sound")
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        deliver(made, absolute(tmp_path / "out"), "a.wav")
    assert made.exists()
    deliver(made, absolute(tmp_path / "elsewhere"), "sub/a.wav")
    assert (tmp_path / "elsewhere/sub/a.wav").read_text() == "sound"
    assert not made.exists()


@pytest.mark.parametrize("name", ["../out.wav", "/victim.wav", "link/victim.wav", "a/../../x"])
def test_no_delivery_leaves_its_folder(tmp_path, name):
    made, out = tmp_path / "made.wav", tmp_path / "out"
    made.write_text("sound")
    out.mkdir()
    (tmp_path / "victim.wav").write_text("precious")
    (out / "link").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="outside"):
        deliver(made, absolute(out), name)
    assert (tmp_path / "victim.wav").read_text() == "precious"
    assert not (tmp_path / "out.wav").exists()


def test_what_cannot_be_opened_is_found_all_the_same(tmp_path, monkeypatch):
    """It is listed as what fails, instead of being passed over in silence."""
    (tmp_path / "in" / "closed").mkdir(parents=True)
    (tmp_path / "in" / "gone.wav").symlink_to("nowhere")
    (tmp_path / "in" / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.wav")
    assert found(tmp_path / "in") == ["gone.wav"]
    assert found(tmp_path / "in", pattern="*") == ["gone.wav"]
    look, access = os.scandir, os.access

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)  # root may look into any folder
    monkeypatch.setattr(os, "access", lambda p, m: "closed" not in str(p) and access(p, m))
    assert found(tmp_path / "in") == ["closed", "gone.wav"]


def test_names_that_are_not_text_are_found(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    (tmp_path / name).write_text("sound")
    (source,) = find_sources([tmp_path])
    source.url.encode()
    assert source.url.endswith("caf%E9.wav")
    assert fetch(source.url, tmp_path).read_text() == "sound"
    # The same name as a person may spell it.
    assert find_sources([source.url]) == [source]
