from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.desk import (
    Arrange,
    Crossfade,
    Cut,
    CutTail,
    Desk,
    During,
    Edit,
    InsertSilence,
    Keep,
    KeepTail,
    Like,
    Loop,
    MoveSpan,
    RemoveSilence,
    ShortenTo,
    Span,
    TrimSilence,
    apply,
    parse_moves,
)
from sayso.desk.arrangement import arranged, arrangement_of
from sayso.desk.resolving import resolve
from sayso.desk.spans import Moment
from sayso.errors import MoveError, RangeError, RequestError
from sayso.timeline import Clip, Timeline, take, whole

RATE = 100
SPANS = st.tuples(st.integers(0, 900), st.integers(1, 100)).map(
    lambda span: (span[0] / RATE, (span[0] + span[1]) / RATE)
)


def timeline_of(*steps, frames=1000, silences=()):
    return resolve(steps, frames=frames, sample_rate=RATE, silences=lambda: silences).timeline


def heard(timeline):
    """The source frame of every frame that is heard."""
    return [frame for clip in timeline.clips for frame in range(clip.start, clip.stop)]


@given(span=SPANS)
def test_keep_and_cut_share_out_the_whole(span):
    start_s, end_s = span
    kept = heard(timeline_of(Keep(start_s=start_s, end_s=end_s)))
    left = heard(timeline_of(Cut(start_s=start_s, end_s=end_s)))
    assert sorted(kept + left) == list(range(1000))


@given(span=SPANS, times=st.integers(2, 5))
def test_a_loop_is_as_much_longer_as_it_says(span, times):
    start_s, end_s = span
    timeline = timeline_of(Loop(start_s=start_s, end_s=end_s, times=times))
    looped = round(end_s * RATE) - round(start_s * RATE)
    assert timeline.frames == 1000 + (times - 1) * looped
    assert set(heard(timeline)) == set(range(1000))


@given(span=SPANS, to=st.integers(0, 1000))
def test_moving_loses_and_repeats_nothing(span, to):
    start_s, end_s = span
    step = MoveSpan(start_s=start_s, end_s=end_s, to_s=to / RATE)
    if round(start_s * RATE) < to < round(end_s * RATE):
        with pytest.raises(RangeError, match="inside"):
            timeline_of(step)
    else:
        assert sorted(heard(timeline_of(step))) == list(range(1000))


def test_steps_act_on_what_the_one_before_left():
    timeline = timeline_of(Cut(end_s=1.0), Keep(start_s=1.0, end_s=3.0), CutTail(seconds=0.5))
    assert heard(timeline) == list(range(200, 350))
    moved = timeline_of(MoveSpan(start_s=0.0, end_s=2.0, to_s=10.0))
    assert heard(moved) == [*range(200, 1000), *range(200)]


def test_the_end_alone_can_be_kept():
    assert heard(timeline_of(Cut(end_s=1.0), KeepTail(seconds=0.5))) == list(range(950, 1000))
    assert timeline_of(KeepTail(seconds=99.0)) == whole(1000, RATE)


def test_the_end_need_not_be_known_to_move_something_there():
    moved = timeline_of(MoveSpan(start_s=0.0, end_s=2.0, to_s=360_000))
    assert heard(moved) == [*range(200, 1000), *range(200)]


def test_loops_of_loops_end_somewhere():
    with pytest.raises(RangeError, match="fewer times"):
        timeline_of(Loop(end_s=0.02, times=1000), Loop(end_s=20.0, times=1000))
    with pytest.raises(RangeError, match="hours long"):
        timeline_of(*[Loop(times=1000)] * 3)


def test_what_follows_in_the_source_is_one_clip():
    assert timeline_of(Keep(end_s=10.0)).clips == whole(1000, RATE).clips
    assert len(timeline_of(Cut(start_s=2, end_s=3)).clips) == 2


def test_shortening_fades_out_and_never_lengthens():
    shorter = timeline_of(ShortenTo(seconds=4.0))
    assert (shorter.frames, shorter.fade_out_frames) == (400, 100)
    assert timeline_of(ShortenTo(seconds=40.0)) == whole(1000, RATE)


def test_silences_shrink_to_the_longest_that_is_wanted():
    timeline = timeline_of(RemoveSilence(longest_s=0.3), silences=[(100, 200), (400, 420)])
    assert heard(timeline) == [*range(115), *range(185, 1000)]
    assert timeline_of(RemoveSilence(longest_s=0.0), silences=[(0, 50)]).frames == 950


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        (Cut(start_s=12.0), RangeError, "10.00 s"),
        (Cut(end_s=99.0), RangeError, "nothing would be left"),
        (CutTail(seconds=10.0), RangeError, "nothing would be left"),
        (Like(example="a.wav"), RequestError, "of this recording first"),
    ],
)
def test_impossible_steps_say_what_is_there(step, error, words):
    with pytest.raises(error, match=words):
        timeline_of(step)


def test_timelines_survive_json_and_refuse_nonsense():
    timeline = timeline_of(Cut(start_s=1, end_s=2), Loop(start_s=3, end_s=4, times=3))
    assert Timeline.model_validate_json(timeline.model_dump_json()) == timeline
    with pytest.raises(MoveError, match="must lie after"):
        Clip(start=5, stop=5)
    assert take(timeline.clips, 0, timeline.frames) == timeline.clips


def test_an_arrangement_counts_from_the_recording_itself():
    spans = (
        Span(start_s=5.0, end_s=6.0, gain_db=-3.0),
        Span(start_s=1.0, end_s=2.0),
        Span(start_s=8),
    )
    timeline = timeline_of(Cut(end_s=4.0), Arrange(spans=spans))
    assert [(c.start, c.stop, c.gain_db) for c in timeline.clips] == [
        (500, 600, -3.0), (100, 200, 0.0), (800, 1000, 0.0)
    ]  # fmt: skip
    desk = apply(Desk(), Edit(steps=(Cut(end_s=4.0), Arrange(spans=spans), Cut(end_s=0.5))))
    assert [step.step for step in desk.edits] == ["arrange", "cut"]
    assert timeline_of(*desk.edits).clips[0] == Clip(start=550, stop=600, gain_db=-3.0)
    with pytest.raises(RangeError, match="arrange: start_s 12"):
        timeline_of(Arrange(spans=(Span(start_s=12.0),)))
    with pytest.raises(RangeError, match="the result would be 278 hours"):
        timeline_of(Arrange(spans=(Span(),) * 10_000), frames=10_000)
    with pytest.raises(MoveError, match="must lie after"):
        parse_moves([{"do": "edit", "steps": [{"step": "arrange", "spans": [{"end_s": 0.0}]}]}])


def test_steps_without_end_are_refused_in_seconds():
    steps = [Cut(start_s=n / 500, end_s=n / 500 + 1e-3) for n in range(4000)]
    began = time.process_time()
    with pytest.raises(RangeError, match="as one arrangement"):
        resolve(steps, frames=20 * 44_100, sample_rate=44_100, silences=list)
    assert time.process_time() - began < 15
    few = resolve(steps[:500], frames=20 * 44_100, sample_rate=44_100, silences=list)
    assert len(few.timeline.clips) == 500


def test_silence_goes_at_the_ends_that_are_named_and_stays_between():
    silences = [(0, 120), (400, 500), (900, 1000)]
    assert heard(timeline_of(TrimSilence(), silences=silences)) == list(range(120, 900))
    start = timeline_of(TrimSilence(ends="start", keep_s=0.5), silences=silences)
    assert heard(start) == list(range(70, 1000))
    end = timeline_of(Cut(start_s=9.5), TrimSilence(ends="end"), silences=silences)
    assert heard(end) == list(range(900))
    with pytest.raises(RangeError, match="are silence"):
        timeline_of(TrimSilence(), silences=[(0, 1000)])


@given(at=st.integers(0, 1000), length=st.integers(1, 500))
def test_silence_put_in_loses_nothing_and_lasts_as_said(at, length):
    timeline = timeline_of(InsertSilence(seconds=length / RATE, at_s=at / RATE))
    assert timeline.frames == 1000 + length
    assert heard(timeline) == list(range(1000))
    before = 0
    for clip in timeline.clips:
        if clip.gap:
            assert (before, clip.gap) == (at, length)
        before += clip.length
    assert arranged(arrangement_of(timeline), 1000, RATE) == timeline


def test_silence_is_put_in_at_the_end_and_not_after_it():
    timeline = timeline_of(Cut(start_s=5.0), InsertSilence(seconds=2.0))
    assert timeline.frames == 700
    with pytest.raises(RangeError, match="after the end"):
        timeline_of(InsertSilence(seconds=1.0, at_s=10.1))


def test_a_span_moves_behind_the_silence_that_was_put_in():
    steps = (InsertSilence(seconds=2.0, at_s=3.0),)
    resolved = resolve(steps, frames=1000, sample_rate=RATE, silences=list)
    placed = resolved.place(During(start_s=2.0, end_s=4.0, said=Moment(edits=0)))
    assert [(piece.start, piece.stop) for piece in placed] == [(200, 300), (500, 600)]


def test_a_loop_with_silence_between():
    timeline = timeline_of(Loop(start_s=1.0, end_s=2.0, times=3, gap_s=0.5))
    assert timeline.frames == 1000 + 2 * 150
    assert [clip.gap for clip in timeline.clips] == [0, 50, 50]


def test_every_join_takes_the_crossfade_that_is_asked_for():
    arrangement = Arrange(spans=(Span(end_s=2.0), Span(start_s=5.0, crossfade_s=0.1)))
    timeline = timeline_of(arrangement, Crossfade(seconds=1.5))
    assert timeline.frames == 700
    assert [timeline.join(number) for number in (1,)] == [150]
