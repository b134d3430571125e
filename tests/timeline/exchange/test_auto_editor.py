from __future__ import annotations

import json
from fractions import Fraction

import pytest
from tests.timeline.exchange.reading import FRAMES, RATE, gaps_s, heard_s, read, spans_s

from sayso.errors import FormatError
from sayso.timeline import Clip, Timeline
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange import Media, dumps

CHUNKS = [[0, 600, 99999.0], [600, 1200, 1.0], [1200, 1800, 99999.0]]


def of_rate(rate):
    return lambda named: Media(named or "raw.wav", RATE, FRAMES, Fraction(rate) if rate else None)


def chunks(*rows, **more):
    return json.dumps({"version": "1", "source": "v.mov", "chunks": rows or CHUNKS, **more})


@pytest.mark.parametrize(
    ("rate", "begin"), [("60", 10), ("25", 24), (None, 20), ("24000/1001", 25.025)]
)
def test_version_1_counts_the_pictures_of_the_recording(rate, begin):
    spans = heard_s(chunks(), ".json", find=of_rate(rate))
    assert spans == [pytest.approx((begin, 2 * begin), abs=1e-4)]


def test_a_timebase_that_the_file_says_wins():
    assert heard_s(chunks(timebase="60/1"), ".json", find=of_rate("25")) == [(10, 20)]


def test_what_is_written_counts_the_pictures_it_is_asked_to():
    timeline = Timeline(sample_rate=RATE, clips=(Clip(start=10 * RATE, stop=20 * RATE),))
    edit = EditList(sources=("v.mov",), source_frames=FRAMES, timeline=timeline)
    document = json.loads(dumps(edit, ".json", rate=Fraction(60)))
    assert document["chunks"] == [[0, 600, 99999.0], [600, 1200, 1.0], [1200, 3600, 99999.0]]
    assert heard_s(json.dumps(document), ".json", find=of_rate("60")) == [(10, 20)]


def v3(*clips, **more):
    return json.dumps({"version": "3", "timebase": "30/1", "v": [], "a": [list(clips)], **more})


def one(start, dur, offset, **more):
    return {"src": "v.mov", "start": start, "dur": dur, "offset": offset, "stream": 0, **more}


def test_version_3_is_read_with_its_holes():
    text = v3(one(0, 150, 300), one(210, 150, 900), v=[[one(0, 360, 0)]])
    edit, notes = read(text, ".json")
    assert (spans_s(edit), gaps_s(edit), notes) == ([(10, 15), (30, 35)], [0, 2], [])


def test_version_2_has_its_effects_in_a_list():
    text = json.dumps(
        {
            "version": "2", "source": "v.mov", "tb": "30/1", "effects": [["nil"], ["cut"]],
            "clips": [[0, 300, 1], [300, 450, 0]],
        }
    )  # fmt: skip
    assert heard_s(text, ".json") == [(10, 15)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (chunks([0, 300, 8.0]), "8 times its speed"),
        (chunks([0, 300, 99999.0]), "keeps nothing"),
        (chunks([0, 300]), "start, end, speed"),
        (chunks([300, 0, 1]), "ends before it starts"),
        (chunks([0, "x", 1]), "expected a number"),
        (chunks(timebase="0/0"), "timebase"),
        (v3(one(0, 150, 300, effects=["speed:5.0"])), "5 times its speed"),
        (v3(one(0, 150, 300, speed=0.1)), "0.1 times its speed"),
        (v3(one(0, 0, 300)), "no length"),
        (v3(one(0, 150, 300, effects=["cut"])), "muted or switched off"),
        (json.dumps({"version": "3", "a": [[]]}), "says no timebase"),
        (json.dumps({"version": "2", "clips": [[0, 9, 7]], "effects": []}), "there are 0"),
        (json.dumps({"version": "4"}), "auto-editor"),
        ("[1", "JSON"),
        ("[" * 200_000, "JSON"),
    ],
)
def test_what_an_edit_cannot_hold_is_refused(text, says):
    with pytest.raises(FormatError, match=says):
        read(text, ".json")


def test_what_changes_the_sound_only_is_noted():
    text = v3(one(0, 150, 300, effects=["volume:0.5"]), one(150, 150, 600, volume=2, stream=1))
    _, notes = read(text, ".json")
    assert notes == [
        "the effect 'volume' is left out",
        "a1 is another sound track of v.mov; its first one is taken",
        "the volumes of clips are left out",
    ]


def test_chunks_at_another_speed_are_read_and_written():
    edit, notes = read(chunks([0, 300, 1.0], [300, 600, 2.0]), ".json")
    assert [(clip.start / RATE, clip.stop / RATE, clip.speed) for clip in edit.timeline.clips] == [
        (0, 10, 1), (10, 20, 2)
    ]  # fmt: skip
    assert notes == ["1 clip at another speed: at the same pitch"]
    assert json.loads(dumps(edit, ".json"))["chunks"][:2] == [[0, 300, 1.0], [300, 600, 2.0]]


def test_version_3_counts_offsets_as_they_pass():
    edit, _ = read(v3(one(0, 150, 300, effects=["speed:2"])), ".json")
    assert spans_s(edit) == [(20, 30)]
