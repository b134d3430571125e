"""What a stranger's file may do to the process that parses it, and to no other."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sayso.timeline.exchange as exchange
from sayso.bounded import run_bounded
from sayso.errors import FormatError
from sayso.timeline import Clip, Timeline
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange import FORMATS, Media, dumps, loads
from sayso.timeline.exchange.parsing import parse, parse_bounded
from sayso.timeline.exchange.project import Project

RATE, FRAMES = 48_000, 480_000
EDIT = EditList(
    sources=("raw.wav",),
    source_frames=FRAMES,
    timeline=Timeline(sample_rate=RATE, clips=(Clip(start=4800, stop=9600),)),
)


def read(content, name):
    return loads(content, name, find=lambda _: Media("raw.wav", RATE, FRAMES))


def test_a_parser_that_ends_its_process_ends_no_other():
    with pytest.raises(FormatError, match=r"x\.otio: damaged, .* gave up"):
        read(b'{"OTIO_SCHEMA":"UnknownSchema.1"}', "x.otio")


def test_a_parser_that_crashes_takes_nothing_with_it():
    text = dumps(EDIT, ".otio").replace("Clip.2", "Clip.-1")
    assert "Clip.-1" in text
    with pytest.raises(FormatError, match=r"x\.otio: "):
        read(text.encode(), "x.otio")


def test_entities_that_grow_without_end_are_refused():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><xmeml>&e11;</xmeml>'
    with pytest.raises(FormatError):
        read(bomb.encode(), "x.xml")


def test_more_clips_than_anybody_cuts_are_refused():
    labels = "".join(f"{at / 1000}\t{at / 1000 + 0.001}\t\n" for at in range(50_001))
    with pytest.raises(FormatError, match="more than 50000 clips"):
        read(labels.encode(), "x.txt")


def test_modules_in_the_current_folder_are_not_run(tmp_path, monkeypatch):
    for name in ("json", "fractions", "sayso", "opentimelineio"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert read(b"1\t2\t1\n", "x.txt").timeline.frames == RATE
    assert not (tmp_path / "ran").exists()


def test_what_hangs_is_stopped(tmp_path, monkeypatch):
    (tmp_path / "hanging.py").write_text("while True: pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert run_bounded("hanging", longest_s=0.5) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bounds")
@pytest.mark.parametrize("does", ["x = bytes(1 << 30)", "while True: pass"])
def test_time_and_memory_are_bounded(tmp_path, monkeypatch, does):
    code = f"from sayso.bounded import bound\nbound(1, 256 << 20)\n{does}\nprint('done')\n"
    (tmp_path / "greedy.py").write_text(code)
    paths = f"{tmp_path}:{Path(exchange.__file__).parents[3]}"
    monkeypatch.setenv("PYTHONPATH", paths)
    assert run_bounded("greedy", longest_s=30) is None


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_a_project_comes_through_a_process_unchanged(suffix):
    content = dumps(EDIT, suffix).encode()
    project = parse(content, suffix, None)
    assert Project.loads(project.dumps()) == project
    assert parse_bounded(content, suffix, None) == project


def test_parsing_loads_neither_numpy_nor_pydantic():
    code = (
        "import sys, sayso.timeline.exchange.parsing as p\n"
        "p.parse(b'1\\t2\\t1', '.txt', None)\n"
        "print([m for m in ('numpy', 'pydantic', 'av') if m in sys.modules])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_table_is_complete():
    adapters = {form.module for form in FORMATS.values()}
    folder = Path(exchange.__file__).parent
    with_parse = {
        path.stem for path in folder.glob("*.py")
        if hasattr(import_module(f"{exchange.__name__}.{path.stem}"), "dump")
    }  # fmt: skip
    assert adapters == with_parse
    for suffix, form in FORMATS.items():
        assert form.suffix == suffix == suffix.lower()
        assert json.dumps(dumps(EDIT, suffix))
        assert set(form.loses) <= {"gains", "gaps", "crossfades", "fades", "tempo", "speeds"}
