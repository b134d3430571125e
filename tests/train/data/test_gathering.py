"""Gathering: what comes, what cannot be had, and that nothing is fetched twice.

The registries' clients are stood in for by small programs, so that no test needs a network.
"""

import csv
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sayso.train.data.gathering import Notes, Soundfont, gather
from sayso.train.data.pool import read_pool
from sayso.train.data.vocabulary import load_vocabulary


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`npm` gives a package of one note and knows no other; `apt-get` fails."""
    package = tmp_path / "package"
    package.mkdir()
    tone = 0.3 * np.sin(np.arange(22_050) * 0.05)
    soundfile.write(package / "A3.mp3", tone, 44_100)
    with tarfile.open(tmp_path / "cello.tgz", "w:gz") as tar:
        tar.add(package / "A3.mp3", "package/A3.mp3")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "npm": f'[ "$3" = cello-notes ] && cp {tmp_path}/cello.tgz . && exit 0\n'
        f"echo E404 no such package >&2; exit 1\n",
        "apt-get": "echo E: unable to locate the package >&2; exit 100\n",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/calls\n{text}")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return tmp_path


def test_what_cannot_be_had_is_said_and_the_rest_comes(clients: Path) -> None:
    wanted = [Notes("cello-notes", "cello", "somebody"), Notes("gone", "flute")]
    fonts = [Soundfont("some-soundfont", "some.sf2")]
    pool = clients / "pool"
    found = gather(pool, notes=wanted, fonts=fonts)
    assert found.there == ("cello-notes",)
    assert found.missing == {
        "gone": "npm: E404 no such package",
        "some-soundfont": "apt-get: E: unable to locate the package",
    }
    (clip,) = read_pool(pool, load_vocabulary()).clips
    assert (clip.text, clip.author, clip.origin) == ("=cello", "somebody", "npm cello-notes")
    assert clip.seconds == pytest.approx(0.5, abs=0.1)
    calls = (clients / "calls").read_text()
    gather(pool, notes=wanted[:1], fonts=[])
    assert (clients / "calls").read_text() == calls
    with (pool / "manifest.csv").open() as file:
        assert len(list(csv.reader(file))) == 2


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = gather(tmp_path / "pool", notes=[], fonts=[Soundfont("some-soundfont", "some.sf2")])
    assert found.missing == {"some-soundfont": "the program apt-get is not installed"}
