from __future__ import annotations

import pytest
from tests.timeline.exchange.reading import heard_s

from sayso.errors import FormatError

LABELS = "20,5\t30,25\tzweite Übung\n1,5\t2\tAnfang\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"]
)
def test_labels_are_read_in_any_encoding_and_with_decimal_commas(encoding):
    assert heard_s(LABELS.encode(encoding), ".txt") == [(1.5, 2), (20.5, 30.25)]


def test_numbers_give_the_order():
    assert heard_s("0\t1\t2\n5\t6\t1 good\n9\t9\t\n", ".txt") == [(5, 6), (0, 1)]
    assert heard_s("5\t6\tb\n0\t1\t\n", ".txt") == [(0, 1), (5, 6)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-1e308\t1\t1", "line 1 is no label"),
        ("0\t1e400\t1", "line 1 is no label"),
        ("0\t1\ta\nnan\t2\tb", "line 2 is no label"),
        ("1,000.5\t2\ta", "line 1 is no label"),
        ("5\t4\ta", "ends before it starts"),
        ("-3\t4\ta", "within the"),
        ("0\t61\ta", "within the"),
        ("1\t1\ta", "no labels"),
        (b"0\t1\ta\x00", "no text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no text"),
    ],
)
def test_damage_is_told(text, says):
    with pytest.raises(FormatError, match=says):
        heard_s(text, ".txt")
