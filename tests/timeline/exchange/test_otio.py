"""OpenTimelineIO and Final Cut Pro 7: what is nested, muted, retimed or trimmed."""

from __future__ import annotations

import opentimelineio as otio
import pytest
from tests.timeline.exchange.reading import RATE, gaps_s, heard_s, read, spans_s

from sayso.errors import FormatError

S = otio.schema


def time(seconds):
    return otio.opentime.RationalTime(round(seconds * RATE), RATE)


def span(start, length):
    return otio.opentime.TimeRange(time(start), time(length))


def clip(start, length=5, *, url="raw.wav", available=None):
    reference = S.ExternalReference(target_url=url, available_range=available)
    return S.Clip(name="c", media_reference=reference, source_range=span(start, length))


def track(*items, kind="Audio", name="A1"):
    made = S.Track(name, kind=kind)
    made.extend(items)
    return made


def stack(*items):
    made = S.Stack("s")
    made.extend(items)
    return made


def written(*tracks):
    timeline = S.Timeline("x")
    timeline.tracks.extend(tracks)
    return otio.adapters.write_to_string(timeline, "otio_json")


def heard(*items):
    return heard_s(written(track(*items)), ".otio")


def test_a_disabled_clip_is_a_gap():
    items = [clip(10), clip(20), clip(30)]
    items[1].enabled = False
    edit, notes = read(written(track(*items)), ".otio")
    assert spans_s(edit) == [(10, 15), (30, 35)]
    assert gaps_s(edit) == [0, 5]
    assert notes == ["1 clip is switched off, and left out"]


def test_a_disabled_track_is_left_out():
    off = track(clip(40))
    off.enabled = False
    assert heard_s(written(off, track(clip(10))), ".otio") == [(10, 15)]


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (S.LinearTimeWarp(time_scalar=8.0), "8 times its speed"),
        (S.LinearTimeWarp(time_scalar=-1.0), "backwards"),
        (S.FreezeFrame(), "frozen"),
        (S.Effect(effect_name="Retime"), "may move it in time"),
    ],
)
def test_clips_that_an_edit_cannot_play_are_refused(effect, says):
    fast = clip(10)
    fast.effects.append(effect)
    with pytest.raises(FormatError, match=says):
        heard(fast)
    # One that is switched off is not heard, however it plays.
    fast.enabled = False
    assert heard(fast, clip(30)) == [(30, 35)]


def test_clips_at_another_speed_are_played_so():
    fast = clip(10)
    fast.effects.append(S.LinearTimeWarp(time_scalar=2.0))
    edit, notes = read(written(track(fast, clip(30))), ".otio")
    assert spans_s(edit) == [(10, 20), (30, 35)]
    assert [one.speed for one in edit.timeline.clips] == [2, 1]
    assert notes == ["1 clip at another speed: at the same pitch"]


def test_two_changes_of_speed_may_undo_each_other():
    same = clip(10)
    same.effects.extend([S.LinearTimeWarp(time_scalar=2.0), S.LinearTimeWarp(time_scalar=0.5)])
    assert heard(same) == [(10, 15)]


def test_other_effects_are_noted():
    filtered = clip(10)
    filtered.effects.append(S.Effect(effect_name="Equaliser"))
    edit, notes = read(written(track(filtered)), ".otio")
    assert spans_s(edit) == [(10, 15)]
    assert notes == ["effects such as 'Equaliser' are left out"]


def test_transitions_are_crossfades_in_the_middle_of_what_they_overlap():
    fade = S.Transition(transition_type="SMPTE_Dissolve", in_offset=time(0.5), out_offset=time(1.5))
    edit, _ = read(written(track(clip(10), fade, clip(30))), ".otio")
    assert spans_s(edit) == [(10, 15.5), (30.5, 35)]
    assert edit.timeline.crossfade_frames == 2 * RATE


def test_a_transition_at_the_end_is_a_fade():
    fade = S.Transition(transition_type="SMPTE_Dissolve", in_offset=time(1), out_offset=time(0))
    edit, _ = read(written(track(clip(10), fade)), ".otio")
    assert (spans_s(edit), edit.timeline.fade_out_frames) == ([(10, 15)], RATE)


def test_what_is_nested_is_heard_where_it_is_trimmed():
    inner = track(clip(10), clip(30), name="inner")
    inner.source_range = span(2, 6)
    assert heard(clip(0, 1), inner, clip(50)) == [(0, 1), (12, 15), (30, 33), (50, 55)]
    nested = stack(track(clip(10), clip(30)))
    nested.source_range = span(4, 2)
    assert heard(nested, clip(50)) == [(14, 15), (30, 31), (50, 55)]


def test_a_nested_timeline_at_another_speed_is_refused():
    inner = track(clip(10))
    inner.effects.append(S.LinearTimeWarp(time_scalar=2.0))
    with pytest.raises(FormatError, match="nested"):
        heard(inner)


def test_a_disabled_nest_is_a_gap():
    inner = stack(track(clip(10)))
    inner.enabled = False
    edit, _ = read(written(track(clip(0), inner, clip(50))), ".otio")
    assert (spans_s(edit), gaps_s(edit)) == ([(0, 5), (50, 55)], [0, 5])


def test_times_are_those_of_the_media():
    media = span(3600, 60)
    assert heard(clip(3610, available=media)) == [(10, 15)]


def test_a_gap_at_the_beginning_is_kept():
    edit, _ = read(written(track(S.Gap(duration=time(2)), clip(10))), ".otio")
    assert gaps_s(edit) == [2]


def test_pictures_are_left_to_others_where_there_is_sound():
    picture = track(clip(10, 3), clip(40), kind="Video", name="V1")
    assert heard_s(written(picture, track(clip(20))), ".otio") == [(20, 25)]
    assert heard_s(written(picture), ".otio") == [(10, 13), (40, 45)]


def test_several_timelines_are_refused():
    two = S.SerializableCollection("bin", [S.Timeline("a"), S.Timeline("b")])
    with pytest.raises(FormatError, match=r"2 timelines \('a', 'b'\)"):
        read(otio.adapters.write_to_string(two, "otio_json"), ".otio")


HZ = "<rate><timebase>{}</timebase><ntsc>{}</ntsc></rate>"
PLAIN = HZ.format(30, "FALSE")


def item(number, start, at, more="", rate=PLAIN):
    media = (
        f'<file id="f{number}"><name>raw.wav</name><pathurl>raw.wav</pathurl>{rate}'
        "<duration>1800</duration><media><audio/></media></file>"
    )
    return (
        f'<clipitem id="c{number}"><name>raw.wav</name>{more}<duration>1800</duration>{rate}'
        f"<start>{at}</start><end>{at + 150}</end><in>{start}</in><out>{start + 150}</out>"
        f"{media}</clipitem>"
    )


def xmeml(*tracks, rate=PLAIN):
    inside = "".join(f"<track>{one}</track>" for one in tracks)
    return (
        '<?xml version="1.0"?><xmeml version="4"><sequence><name>x</name><duration>450</duration>'
        f"{rate}<media><audio>{inside}</audio></media></sequence></xmeml>"
    )


def test_final_cut_clips_that_are_switched_off_are_gaps():
    off = "<enabled>FALSE</enabled>"
    text = xmeml(item(1, 300, 0) + item(2, 600, 150, off) + item(3, 900, 300))
    edit, _ = read(text, ".xml")
    assert spans_s(edit) == [(10, 15), (30, 35)]
    assert heard_s(xmeml(off + item(1, 0, 0), item(2, 600, 0)), ".xml") == [(20, 25)]


def test_final_cut_counts_at_its_own_rate():
    ntsc = HZ.format(30, "TRUE")
    text = xmeml(item(1, 300, 0, rate=ntsc), rate=ntsc)
    assert heard_s(text, ".xml") == [pytest.approx((10.01, 15.015), abs=1e-4)]


def effect(kind, **parameters):
    inside = "".join(
        f"<parameter><parameterid>{name}</parameterid><value>{value}</value></parameter>"
        for name, value in parameters.items()
    )
    return (
        f"<filter><effect><name>{kind}</name><effectid>{kind}</effectid>{inside}</effect></filter>"
    )


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"speed": 800}, "8 times its speed"),
        ({"speed": 100, "reverse": "TRUE"}, "backwards"),
        ({"speed": 100, "variablespeed": 1}, "changes as it plays"),
    ],
)
def test_final_cut_clips_that_are_retimed_are_refused(parameters, says):
    with pytest.raises(FormatError, match=says):
        read(xmeml(item(1, 300, 0, effect("timeremap", **parameters))), ".xml")


def test_final_cut_clips_at_their_own_speed_and_level_are_read():
    same = effect("timeremap", speed=100, reverse="FALSE", variablespeed=0)
    edit, _ = read(xmeml(item(1, 300, 0, same + effect("audiolevels", level=0.5))), ".xml")
    assert edit.timeline.clips[0].gain_db == pytest.approx(-6.0206, abs=1e-3)


def test_both_channels_of_a_final_cut_clip_are_one():
    edit, _ = read(xmeml(item(1, 300, 0), item(2, 300, 0)), ".xml")
    assert (spans_s(edit), edit.sources) == ([(10, 15)], ("raw.wav",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_xml_is_read_in_the_encoding_that_it_says(encoding):
    text = xmeml(item(1, 300, 0)).replace("raw.wav", "Übung.wav")
    text = text.replace('"1.0"', f'"1.0" encoding="{encoding}"')
    edit, _ = read(text.encode(encoding), ".xml")
    assert edit.sources == ("Übung.wav",)
