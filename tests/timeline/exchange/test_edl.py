from __future__ import annotations

import re
from fractions import Fraction

import pytest
from tests.timeline.exchange.reading import FRAMES, RATE, found, gaps_s, heard_s, read, spans_s

from sayso.errors import FormatError, RangeError, RequestError
from sayso.timeline import Clip, Timeline
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange import Media, dumps, frame_rate


def edl(*lines, head="FCM: NON-DROP FRAME"):
    return "\n".join(["TITLE: cut", head, "", *lines, ""])


def event(number, codes, *, reel="AX", channel="A", kind="C", clip="raw.wav"):
    named = [f"* FROM CLIP NAME: {clip}"] if clip else []
    return "\n".join([f"{number:03}  {reel:8} {channel:5} {kind:8} {codes}", *named])


ONE = event(1, "00:00:10:12 00:00:20:24 01:00:00:12 01:00:10:24")


@pytest.mark.parametrize(
    ("rate", "line", "begin", "end"),
    [
        ("25", ONE, 10.48, 20.96),
        ("24", event(1, "00:00:10:12 00:00:20:12 01:00:00:00 01:00:10:00"), 10.5, 20.5),
        ("50", event(1, "00:00:10:45 00:00:20:10 00:00:00:00 00:00:09:15"), 10.9, 20.2),
        ("30000/1001", event(1, "00:00:10:00 00:00:20:00 00:00:00:00 00:00:10:00"), 10.01, 20.02),
    ],
)
def test_times_count_at_the_rate_that_is_said(rate, line, begin, end):
    assert heard_s(edl(line), ".edl", rate=rate) == [pytest.approx((begin, end), abs=1e-4)]


def test_an_edl_without_a_rate_is_refused_for_want_of_it():
    with pytest.raises(FormatError, match="how many frames a second"):
        read(edl(ONE), ".edl")


@pytest.mark.parametrize("rate", ["1/0", "25/00", "nan", "-25", "25/"])
def test_what_is_no_rate_is_not_taken_for_one(rate):
    with pytest.raises(RangeError, match="expected frames a second"):
        frame_rate(rate)


def test_a_rate_that_does_not_have_such_frames_is_told():
    with pytest.raises(RangeError, match="names frame 24 of a second"):
        read(edl(ONE), ".edl", rate="24")


@pytest.mark.parametrize("head", ["FCM: DROP FRAME", "FCM: NON-DROP FRAME"])
@pytest.mark.parametrize("rate", [None, "30000/1001"])
def test_drop_frame_codes_say_their_rate(head, rate):
    marks = event(1, "00;01;00;02 00;01;10;02 01;00;00;00 01;00;10;00")
    # Minute one begins with frame 2: code 00;01;00;02 is frame 1800 and 60.06 s after the start.
    longer = Media("raw.wav", RATE, 2 * FRAMES)
    spans = heard_s(edl(marks, head=head), ".edl", rate=rate, find=lambda _: longer)
    assert spans == [pytest.approx((60.06, 70.07), abs=1e-3)]


def test_drop_frame_may_be_said_by_the_head_alone():
    line = event(1, "00:00:10:12 00:00:20:24 01:00:00:00 01:00:10:12")
    spans = heard_s(edl(line, head="FCM: DROP FRAME"), ".edl")
    assert spans == [pytest.approx((312 * 1.001 / 30, 624 * 1.001 / 30), abs=1e-4)]


def test_drop_frame_does_not_count_at_25():
    with pytest.raises(FormatError, match=r"29\.97 or 59\.94, not at 25"):
        read(edl(ONE, head="FCM: DROP FRAME"), ".edl", rate="25")


def test_black_is_a_gap_and_the_sequence_begins_where_its_first_event_does():
    lines = (
        event(1, "00:00:10:00 00:00:15:00 10:00:00:00 10:00:05:00"),
        event(2, "00:00:00:00 00:00:02:00 10:00:05:00 10:00:07:00", reel="BL", clip=None),
        event(3, "00:00:30:00 00:00:35:00 10:00:07:00 10:00:12:00"),
    )
    edit, _ = read(edl(*lines), ".edl", rate="25")
    assert spans_s(edit) == [(10, 15), (30, 35)]
    assert gaps_s(edit) == [0, 2]


def test_channels_of_one_recording_are_one_track():
    codes = "00:00:10:00 00:00:15:00 01:00:00:00 01:00:05:00"
    lines = [event(at, codes, channel=name) for at, name in enumerate(("V", "A", "A2"), 1)]
    edit, notes = read(edl(*lines), ".edl", rate="25")
    assert (spans_s(edit), edit.sources, notes) == ([(10, 15)], ("raw.wav",), [])
    assert heard_s(edl(event(1, codes, channel="AA/V")), ".edl", rate="25") == [(10, 15)]
    assert heard_s(edl(event(1, codes, channel="V")), ".edl", rate="25") == [(10, 15)]


def test_channels_that_play_different_places_at_once_are_refused():
    lines = (
        event(1, "00:00:10:00 00:00:15:00 01:00:00:00 01:00:05:00", channel="A"),
        event(2, "00:00:20:00 00:00:25:00 01:00:02:00 01:00:07:00", channel="A2"),
    )
    with pytest.raises(FormatError, match="take turns"):
        read(edl(*lines), ".edl", rate="25")


CODED = event(1, "01:00:10:00 01:00:20:00 00:00:00:00 00:00:10:00")


def test_source_times_are_the_recordings_own_time_code():
    hour = Media("raw.wav", RATE, FRAMES, start_s=Fraction(3600))
    assert heard_s(edl(CODED), ".edl", rate="25", find=lambda _: hour) == [(10, 20)]
    zero = event(1, "00:00:10:00 00:00:20:00 00:00:00:00 00:00:10:00")
    assert heard_s(edl(zero), ".edl", rate="25", find=lambda _: hour) == [(10, 20)]
    assert heard_s(edl(CODED), ".edl", rate="25", start="01:00:00:00") == [(10, 20)]
    assert heard_s(edl(CODED), ".edl", rate="25", start="3605") == [(5, 15)]


def test_source_times_beyond_a_recording_that_says_no_time_code_are_refused():
    with pytest.raises(FormatError, match="--start"):
        read(edl(CODED), ".edl", rate="25")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("M2   AX       240.0                00:00:10:00", "8 times its speed"),
        ("M2   AX       -030.0               00:00:10:00", "backwards"),
        ("M2   AX       000.0                00:00:10:00", "frozen"),
        ("* FREEZE FRAME", "frozen"),
    ],
)
def test_events_that_an_edit_cannot_play_are_refused(line, says):
    fast = event(1, "00:00:10:00 00:00:20:00 01:00:00:00 01:00:05:00")
    with pytest.raises(FormatError, match=says):
        read(edl(fast, line), ".edl", rate="30")


@pytest.mark.parametrize("line", ["M2   AX       060.0                00:00:10:00", "* none"])
def test_events_at_another_speed_are_played_so(line):
    fast = event(1, "00:00:10:00 00:00:20:00 01:00:00:00 01:00:05:00")
    edit, notes = read(edl(fast, line), ".edl", rate="30")
    (clip,) = edit.timeline.clips
    assert (spans_s(edit), clip.speed, clip.frames) == ([(10, 20)], 2, 5 * RATE)
    assert notes == ["1 clip at another speed: at the same pitch"]


def test_a_motion_line_of_its_own_speed_changes_nothing():
    line = event(1, "00:00:10:00 00:00:20:00 01:00:00:00 01:00:10:00")
    assert heard_s(edl(line, "M2   AX  029.97  00:00:10:00"), ".edl", rate="30000/1001")


def test_a_dissolve_becomes_a_join_in_its_middle():
    lines = (
        event(1, "00:00:10:00 00:00:15:00 00:00:00:00 00:00:05:00"),
        event(2, "00:00:15:00 00:00:15:00 00:00:05:00 00:00:05:00"),
        event(2, "00:00:30:00 00:00:35:00 00:00:05:00 00:00:10:00", kind="D    025"),
    )
    edit, _ = read(edl(*lines), ".edl", rate="25")
    assert spans_s(edit) == [(10, 15.5), (30.5, 35)]
    assert edit.timeline.crossfade_frames == RATE


def test_a_dissolve_from_elsewhere_is_refused():
    lines = (
        event(1, "00:00:10:00 00:00:15:00 00:00:00:00 00:00:05:00"),
        event(2, "00:00:20:00 00:00:20:00 00:00:05:00 00:00:05:00"),
        event(2, "00:00:30:00 00:00:35:00 00:00:05:00 00:00:10:00", kind="D    025"),
    )
    with pytest.raises(FormatError, match="another place"):
        read(edl(*lines), ".edl", rate="25")


def test_a_fade_to_black_is_the_end():
    lines = (
        event(1, "00:00:10:00 00:00:15:00 00:00:00:00 00:00:05:00"),
        event(2, "00:00:00:00 00:00:02:00 00:00:05:00 00:00:07:00", reel="BL", kind="D 025"),
    )
    edit, _ = read(edl(*lines), ".edl", rate="25")
    assert (spans_s(edit), edit.timeline.fade_out_frames) == ([(10, 16)], RATE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (edl("001 nonsense"), "no event"),
        (edl("* only a comment"), "no events"),
        (edl(event(1, "00:00:10:00 00:00:05:00 00:00:00:00 00:00:05:00")), "before it starts"),
        (edl(ONE, ONE), "before the one before it ends"),
        ("", "no events"),
    ],
)
def test_damage_is_told(text, says):
    with pytest.raises(FormatError, match=says):
        read(text, ".edl", rate="25")


def edit_of(*spans):
    clips = tuple(Clip(start=a, stop=b) for a, b in spans)
    return EditList(
        sources=("raw.wav",),
        source_frames=FRAMES,
        timeline=Timeline(sample_rate=RATE, clips=clips, crossfade_frames=960),
    )


@pytest.mark.parametrize("rate", ["24", "25", "30000/1001", "50"])
def test_what_is_written_says_its_rate(rate):
    edit = edit_of((96_123, 144_000), (0, 48_000), (200_000, 300_001))
    text = dumps(edit, ".edl", rate=Fraction(rate))
    assert re.search(r"^001  AX +A +C +00:00:02:\d\d", text, re.M)
    back, _ = read(text, ".edl")
    for clip, wanted in zip(back.timeline.clips, edit.timeline.clips, strict=True):
        assert abs(clip.start - wanted.start) <= RATE / Fraction(rate)
        assert abs(clip.stop - wanted.stop) <= 2 * RATE / Fraction(rate)


def test_what_an_edl_cannot_hold_is_refused_when_written():
    with pytest.raises(RequestError, match="999 events"):
        dumps(edit_of(*[(0, 9600)] * 1000), ".edl")
    with pytest.raises(RequestError, match="shorter than a frame"):
        dumps(edit_of((0, 100)), ".edl")


def test_names_come_from_comments_or_the_reel():
    named = []

    def find(name):
        named.append(name)
        return found(name)

    codes = "00:00:10:00 00:00:15:00 01:00:00:00 01:00:05:00"
    read(edl(event(1, codes), "* SOURCE FILE: ../rec/raw.wav"), ".edl", rate="25", find=find)
    read(edl(event(1, codes, clip=None, reel="TAPE7")), ".edl", rate="25", find=find)
    read(edl(event(1, codes, clip=None)), ".edl", rate="25", find=find)
    assert named == ["../rec/raw.wav", "TAPE7", None]
