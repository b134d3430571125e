"""Names of files keep their input's name, fit any file system, and never leave their folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.errors import OutputError
from sayso.outputs import (
    PATTERN,
    file_name,
    fitting,
    inside,
    local_path,
    numbered,
    shown,
    text_of,
)

NAMES = st.binary(min_size=1, max_size=300).filter(lambda b: b"/" not in b and b"\0" not in b)


@given(NAMES.map(os.fsdecode))
def test_any_input_name_makes_an_output_inside_the_folder(name):
    made = file_name(PATTERN, Path(name).stem, "vocals", "wav")
    place = inside("/nowhere/out", made)
    assert len(place.parts) == 5
    assert all(0 < len(os.fsencode(part)) <= 255 for part in place.parts)
    assert local_path(text_of(place)) == place
    text_of(place).encode()  # any database and JSON file holds it
    json.dumps(text_of(place)).encode()


@given(NAMES.map(os.fsdecode), st.integers(1, 999))
def test_numbers_make_other_names_that_fit(name, number):
    one, other = (numbered(fitting(f"x{name}.wav", keep=".wav"), n) for n in (number, number + 1))
    assert one != other
    assert other.endswith(".wav")
    assert len(os.fsencode(one)) <= 255


def test_names_are_kept():
    for stem in ("1.5b take", "Jay's (live) & more!", "día 1: ruïne", "a.b.c", ".hidden", "- x"):
        assert file_name(PATTERN, stem, "no vocals", "flac") == f"{stem}/no_vocals.flac"
    assert file_name(PATTERN, "..", "mix", "wav") == "_/mix.wav"
    assert file_name("{target} of {track}.{ext}", "n" * 250, "mix", "wav").endswith(".wav")


@pytest.mark.parametrize(
    "pattern",
    [
        "../{track}.{ext}",
        "/{track}.{ext}",
        "a/../../b.{ext}",
        "{stem}.{ext}",
        "{0}",
        "{",
        "",
        "a/",
        "{target:>99999999999}.{ext}",
        "{track!r}.{ext}",
        "{track.__class__}.{ext}",
    ],
)
def test_patterns_that_do_not_work_are_refused(pattern):
    with pytest.raises(OutputError, match="pattern"):
        file_name(pattern, "song", "mix", "wav")


def test_nothing_leads_out_of_a_folder(tmp_path):
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    (out / "link").symlink_to(tmp_path)
    (out / "inner").symlink_to(out / "sub")
    for name in ("../victim", "/etc/passwd", "sub/../../victim", "link/victim", "", "..", "a\0b"):
        with pytest.raises(OutputError, match="outside"):
            inside(out, name)
    assert inside(out, "inner/take.wav") == out / "inner" / "take.wav"
    assert inside(out, "new/..take.wav") == out / "new" / "..take.wav"


def test_what_steers_a_terminal_is_spelt_out():
    assert shown("a\x1b]0;x\x07\nb\u202ec\x9b") == "a\\x1b]0;x\\x07\\nb\\u202ec\\x9b"
    assert shown(os.fsdecode(b"caf\xe9.wav")) == "caf\\udce9.wav"
    assert shown("naïve – 音 🎵\u00a0x") == "naïve – 音 🎵\u00a0x"
