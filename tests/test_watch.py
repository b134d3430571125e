"""Progress and cancelling, as people and the work they wait for need them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import Chunking, overlap_add
from sayso.errors import Cancelled
from sayso.watch import SILENT, Watch

FRACTION = st.floats(0, 1)


@given(st.lists(st.tuples(FRACTION, FRACTION).map(sorted), max_size=4), FRACTION, FRACTION)
def test_nested_parts_stay_within_their_share_and_never_fall(parts, early, late):
    told = []
    watch = Watch(told.append)
    for start, stop in parts:
        watch = watch.part(start, stop)
    for fraction in (0, min(early, late), max(early, late), 1):
        watch.report(fraction)
    assert all(a <= b + 1e-12 for a, b in pairwise(told))
    assert told[0] >= -1e-12
    assert told[-1] <= 1 + 1e-12


def test_parts_that_meet_begin_and_end_where_the_whole_does():
    told = []
    watch = Watch(told.append)
    for number in range(7):
        part = watch.part(number / 7, (number + 1) / 7)
        part.report(0)
        part.report(1)
    assert told[0] == 0 and told[-1] == 1
    assert told[1:-1:2] == told[2::2]


def test_more_than_all_counts_as_all():
    told = []
    Watch(told.append).part(0.0, 0.5).report(1.7)
    assert told == [0.5]


def test_stopping_says_what_was_stopped_and_holds_in_every_part():
    watch = Watch(cancelled=lambda: True)
    for each in (watch, watch.part(0.2, 0.5), watch.quiet):
        with pytest.raises(Cancelled, match="stopped while aligning"):
            each.check("stopped while aligning")


def test_a_quiet_watch_tells_nothing_and_a_silent_one_asks_nothing(noise):
    told = []
    chunking = Chunking(segment=400, crossfade=10, context=20)
    quiet = Watch(told.append, lambda: False).quiet
    overlap_add(noise(0.2), lambda block: block[None], chunking, sources=1, watch=quiet)
    assert told == []
    SILENT.report(0.5)
    SILENT.check()


def test_a_public_function_takes_a_watch_a_function_or_nothing():
    told = []
    assert Watch.of(None) is SILENT
    Watch.of(told.append).report(0.25)
    assert told == [0.25]
    assert Watch.of(SILENT) is SILENT
