"""All of a file or none of it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from sayso.atomic import put, writing
from sayso.errors import OutputError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_with_its_folder(tmp_path):
    path = put(tmp_path / "a" / "b.txt", "Grüße\n")
    assert path.read_bytes() == "Grüße\n".encode()
    assert names(path.parent) == ["b.txt"]


def test_what_was_there_stays_until_the_new_is_whole(tmp_path):
    path = put(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), writing(path) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "a.txt", tmp_path / ("n" * 300)):
        with pytest.raises(OutputError, match="cannot be written"):
            put(place, "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder: cannot be written"):
        put(tmp_path / "folder", "x")
    assert names(tmp_path) == ["file", "folder"]


def run(code, path):
    return subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode


def test_a_killed_process_leaves_the_old_file_and_nothing_after_the_next_write(tmp_path):
    path = put(tmp_path / "a.txt", "old")
    (tmp_path / ".a.txt.mine.part").touch()
    killed = (
        "import os, sys; from sayso.atomic import writing\n"
        "with writing(sys.argv[1]) as part:\n"
        "    part.write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert run(killed, path) == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 3
    with writing(tmp_path / "b.txt") as part:
        part.write_text("two")
        code = "import sys; from sayso.atomic import put; put(sys.argv[1], 'new')"
        assert run(code, path) == 0
        assert part.exists(), "what is being written is swept away"
    assert path.read_text() == "new"
    assert names(tmp_path) == [".a.txt.mine.part", "a.txt", "b.txt"]
