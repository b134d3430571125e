"""Damaged timelines of other programs, scores and bags: an edit, or an error of ours."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from tests.fuzz.damage import altered, attacked, damaged

from sayso.autoedit.choose import Scores
from sayso.errors import DataError, FormatError, InputError
from sayso.timeline import Clip, Timeline
from sayso.timeline.editlist import EditList, Insert, check_inside
from sayso.timeline.exchange import FORMATS, Media, read_edit, write_edit
from sayso.timeline.exchange.parsing import parse
from sayso.timeline.exchange.placing import place

RATE, FRAMES = 48_000, 480_000
EDIT = EditList(
    sources=("raw.wav",),
    source_frames=FRAMES,
    timeline=Timeline(
        sample_rate=RATE,
        clips=(Clip(start=0, stop=48_000), Clip(start=96_000, stop=144_000, gain_db=-3.0)),
        crossfade_frames=480,
    ),
    new=(Insert(before=1, frames=777),),
)


def found(path):
    return Media(path or "raw.wav", RATE, FRAMES)


NATIVE = (".otio", ".xml")
"""Formats with a parser that may take its process down: only in one of their own, which is slow."""


def opens(path):
    """An edit that lies within its recording, or an error of ours."""
    try:
        if path.suffix in NATIVE:
            edit = read_edit(path, find=found)
        else:
            edit, _ = place(parse(path.read_bytes(), path.suffix, Fraction(30)), found)
    except InputError as error:
        assert str(error)
        return
    except DataError as error:
        assert "recording" in str(error)
        return
    check_inside(edit, FRAMES, "raw.wav")
    assert edit.timeline.frames >= 0


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_damaged_timelines(tmp_path, suffix):
    plain = EDIT if suffix in (".otio", ".rpp") else EDIT.model_copy(update={"new": ()})
    whole = write_edit(tmp_path / f"whole{suffix}", plain).read_bytes()
    path = tmp_path / f"a{suffix}"

    @attacked(12 if suffix in NATIVE else 100)
    @given(damaged([whole]))
    def attack(data):
        path.write_bytes(data)
        opens(path)

    attack()


@pytest.mark.parametrize("suffix", [".otio", ".json"])
def test_timelines_that_claim_odd_things(tmp_path, suffix):
    plain = EDIT if suffix == ".otio" else EDIT.model_copy(update={"new": ()})
    whole = json.loads(write_edit(tmp_path / f"whole{suffix}", plain).read_text())
    path = tmp_path / f"a{suffix}"

    @attacked(25 if suffix in NATIVE else 120)
    @given(altered([whole]))
    def attack(document):
        path.write_text(json.dumps(document))
        opens(path)

    attack()


@attacked(120)
@given(
    altered(
        [
            json.loads(
                Scores(
                    "level",
                    np.array([0, 100, 200]),
                    np.array([0.1, 0.9], np.float32),
                    np.array([False, True]),
                    RATE,
                ).dumps()
            )
        ]
    )
)
def test_scores_that_claim_odd_things(document):
    try:
        scores = Scores.loads(json.dumps(document))
    except FormatError as error:
        assert str(error)
        return
    assert np.isfinite(scores.values).all()


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 100_000, b"7"])
def test_files_that_are_no_scores(data):
    with pytest.raises(FormatError, match="not the scores"):
        Scores.loads(data)
