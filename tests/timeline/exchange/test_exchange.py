from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.errors import DataError, FormatError, RequestError
from sayso.timeline import Clip, Timeline
from sayso.timeline.editlist import EditList, Insert
from sayso.timeline.exchange import FORMATS, Media, dumps, open_edit, read_edit, write_edit
from sayso.timeline.exchange.parsing import parse
from sayso.timeline.exchange.placing import place

RATE, FRAMES = 48_000, 480_000
COARSE = RATE // 30


def found(path):
    return Media(unquote(path or "raw file.wav"), RATE, FRAMES)


@pytest.fixture(autouse=True)
def beside(tmp_path, monkeypatch):
    """Edits name recordings from their own folder; here both lie in the current one."""
    monkeypatch.chdir(tmp_path)


def edit_of(*spans, crossfade=960, **fields):
    clips = tuple(Clip(start=a, stop=b) for a, b in spans)
    timeline = Timeline(sample_rate=RATE, clips=clips, crossfade_frames=crossfade)
    return EditList(sources=("raw file.wav",), source_frames=FRAMES, timeline=timeline, **fields)


def there_and_back(tmp_path, edit, suffix):
    path = write_edit(tmp_path / f"edit{suffix}", edit)
    return place(parse(path.read_bytes(), suffix, None), found)[0]


def spans(edit):
    return [(clip.start, clip.stop) for clip in edit.timeline.clips]


REORDERED = [(96_000, 144_000), (0, 48_000), (96_000, 144_000), (200_000, 300_001)]


def test_otio_keeps_everything(tmp_path):
    edit = edit_of(*REORDERED, new=(Insert(before=2, frames=777),), speed=1.02)
    clips = (edit.timeline.clips[0].model_copy(update={"gain_db": -4.5}), *edit.timeline.clips[1:])
    clips = (*clips[:3], clips[3].model_copy(update={"crossfade_frames": 99, "gap": 555}))
    fades = {"fade_in_frames": 77, "fade_out_frames": 123}
    timeline = edit.timeline.model_copy(update={"clips": clips, **fades})
    edit = edit.model_copy(update={"timeline": timeline})
    assert there_and_back(tmp_path, edit, ".otio") == edit


def test_otio_of_one_rate_fits_a_recording_of_another(tmp_path):
    edit = edit_of((4800, 9600), (20_000, 30_000))
    timeline = edit.timeline.model_copy(update={"fade_out_frames": 480})
    path = write_edit(tmp_path / "edit.otio", edit.model_copy(update={"timeline": timeline}))
    back = read_edit(path, find=lambda path: Media(path, RATE // 2, FRAMES // 2))
    assert spans(back) == [(2400, 4800), (10_000, 15_000)]
    assert (back.timeline.crossfade_frames, back.timeline.fade_out_frames) == (480, 240)


@pytest.mark.parametrize("rate", ["0", '"fast"', "null", "1e-320"])
def test_otio_of_no_rate_is_damaged(tmp_path, rate):
    path = write_edit(tmp_path / "edit.otio", edit_of((4800, 9600)))
    text, known = path.read_text(), f'"sample_rate": {RATE}'
    assert known in text
    path.write_text(text.replace(known, f'"sample_rate": {rate}'))
    with pytest.raises(FormatError, match="damaged"):
        read_edit(path, find=found)


def test_otio_keeps_tracks(tmp_path):
    edit = edit_of((0, 48_000)).model_copy(update={"sources": ("mix.wav", "vocals.wav")})
    assert there_and_back(tmp_path, edit, ".otio").sources == ("mix.wav", "vocals.wav")


@settings(max_examples=25)
@given(
    ends=st.lists(st.tuples(st.integers(0, 400_000), st.integers(960, 80_000)), min_size=1),
    crossfade=st.integers(0, 900),
    gap=st.integers(0, 3),
)
def test_reaper_keeps_clips_to_the_frame(ends, crossfade, gap):
    clips = tuple(
        Clip(start=a, stop=a + n, gap=5000 * (at == gap)) for at, (a, n) in enumerate(ends)
    )
    edit = edit_of((0, 1), crossfade=crossfade)
    edit = edit.model_copy(update={"timeline": edit.timeline.model_copy(update={"clips": clips})})
    back = place(parse(dumps(edit, ".rpp").encode(), ".rpp", None), found)[0]
    assert spans(back) == spans(edit)
    assert [clip.gap for clip in back.timeline.clips] == [clip.gap for clip in clips]
    assert back.sources == edit.sources


def test_reaper_keeps_gain_and_fades_and_overlaps_by_the_crossfade(tmp_path):
    edit = edit_of((48_000, 96_000), (200_000, 300_000), crossfade=1920)
    clips = tuple(clip.model_copy(update={"gain_db": 3.0}) for clip in edit.timeline.clips)
    timeline = edit.timeline.model_copy(update={"clips": clips, "fade_out_frames": 12_345})
    edit = edit.model_copy(update={"timeline": timeline})
    back = there_and_back(tmp_path, edit, ".rpp")
    assert back.timeline == edit.timeline
    items = (tmp_path / "edit.rpp").read_text().split("<ITEM")[1:]
    position = [float(item.split("POSITION ")[1].split()[0]) for item in items]
    length = float(items[0].split("LENGTH ")[1].split()[0])
    assert position[0] + length - position[1] == pytest.approx(1920 / RATE)


def test_labels_keep_order_and_repeats(tmp_path):
    edit = edit_of(*REORDERED)
    assert spans(there_and_back(tmp_path, edit, ".txt")) == spans(edit)


def test_labels_of_a_person_are_taken_in_the_order_of_time(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("2.0\t3.0\tgood bit\n\\\t100.0\t200.0\n0.5\t1.0\tintro\n1.5\t1.5\tmark\n")
    assert spans(read_edit(path, find=found)) == [(24_000, 48_000), (96_000, 144_000)]


@pytest.mark.parametrize("suffix", [".edl", ".xml"])
def test_formats_for_pictures_keep_clips_to_a_frame(tmp_path, suffix):
    back = there_and_back(tmp_path, edit_of(*REORDERED), suffix)
    assert len(back.timeline.clips) == len(REORDERED)
    for clip, (start, stop) in zip(back.timeline.clips, REORDERED, strict=True):
        assert abs(clip.start - start) <= COARSE
        assert abs(clip.stop - stop) <= COARSE


def test_auto_editor_keeps_clips_to_a_frame(tmp_path):
    edit = edit_of((48_000, 96_000), (200_000, 300_000))
    back = there_and_back(tmp_path, edit, ".json")
    assert spans(back) == [(48_000, 96_000), (200_000, 300_800)]
    chunks = json.loads((tmp_path / "edit.json").read_text())["chunks"]
    assert chunks[0] == [0, 30, 99999.0]
    assert chunks[-1][1] == FRAMES // COARSE


def test_auto_editor_cannot_go_back(tmp_path):
    with pytest.raises(RequestError, match="goes back"):
        write_edit(tmp_path / "edit.json", edit_of(*REORDERED))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.otio", '{"OTIO_SCHEMA": "Timeline.1", "tracks": ', "damaged"),
        ("a.otio", "[]", "expected a timeline"),
        ("a.otio", "[" * 200_000, "damaged"),
        ("a.otio", '{"OTIO_SCHEMA": "Timeline.1"}', "damaged"),
        ("a.xml", "<xmeml><sequence>", "damaged"),
        ("a.edl", "001 nonsense", "damaged"),
        ("a.txt", "-1e308\t1e308\t1", "no label"),
        ("a.txt", "a\x00b", "no text"),
        ("a.rpp", "<REAPER_PROJECT 0.1\n<TRACK\n", "damaged"),
        ("a.rpp", "<REAPER_PROJECT 0.1\n<TRACK\n>\n>", "no clips"),
        ("a.rpp", "<REAPER_PROJECT\n<TRACK\n<ITEM\nPOSITION x\n>\n>\n>", "no clips"),
        ("a.txt", "one\ttwo\tthree", "no label"),
        ("a.txt", "3.0\t99.0\t1", "within"),
        ("a.json", '{"version": "3"}', "auto-editor"),
        ("a.json", '{"version": "1", "chunks": [[0, 1]]}', "start, end, speed"),
        ("a.json", '{"version": "1", "chunks": [[0, 9, 8.0]]}', "times its speed"),
        ("a.wav", "", "expected an edit"),
    ],
)
def test_damage_is_told(tmp_path, name, text, says):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FormatError, match=says):
        read_edit(path, find=found)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("value", -5.0, "within"),
        ("value", 1e8, "within"),
        ("value", 1e12, "below 1e9"),
        ("rate", 0.0, "rate"),
        ("rate", "fast", "damaged"),
    ],
)
def test_an_otio_damaged_by_hand_is_told(tmp_path, key, value, says):
    path = write_edit(tmp_path / "edit.otio", edit_of((48_000, 96_000)))
    document = json.loads(path.read_text())
    clip = document["tracks"]["children"][0]["children"][0]
    clip["source_range"]["start_time"][key] = value
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match=says):
        read_edit(path, find=found)


def test_a_recording_that_is_not_found_is_told(tmp_path):
    path = write_edit(tmp_path / "edit.otio", edit_of((48_000, 96_000)))
    with pytest.raises(DataError, match=r"raw file\.wav is not there"):
        open_edit(path)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_every_format_is_read_in_a_process_of_its_own(tmp_path, suffix):
    edit = edit_of((48_000, 96_000), (200_000, 300_000))
    back = read_edit(write_edit(tmp_path / f"edit{suffix}", edit), find=found)
    assert [clip.start for clip in back.timeline.clips] == [48_000, 200_000]


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [
        (".otio", None),
        (".rpp", "the change of tempo"),
        (".xml", "the clips' gains, the fades, the change of tempo"),
        (".edl", "the clips' gains, the crossfades, the fades, the change of tempo"),
        (".txt", "the clips' gains, the gaps, the crossfades, the fades, the change of tempo"),
        (".json", "the clips' gains, the gaps, the crossfades, the fades, the change of tempo"),
    ],
)
def test_what_a_format_has_no_place_for_is_told_when_written(tmp_path, suffix, lost):
    gap = (Insert(before=1, frames=48_000),)
    edit = edit_of((4800, 9600), (20_000, 30_000), (40_000, 50_000), crossfade=1200, new=gap)
    louder = tuple(clip.model_copy(update={"gain_db": 3.0}) for clip in edit.timeline.clips)
    timeline = edit.timeline.model_copy(update={"clips": louder, "fade_in_frames": 99})
    edit = edit.model_copy(update={"timeline": timeline, "speed": 1.1})
    told = []
    write_edit(tmp_path / f"edit{suffix}", edit, notice=told.append)
    assert [one.partition("place for ")[2] for one in told] == ([lost] if lost else [])


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_a_clip_at_another_speed_is_kept_or_refused(tmp_path, suffix):
    fast = Clip(start=48_000, stop=96_000, speed=2.0), Clip(start=200_000, stop=250_000)
    edit = edit_of((0, 1))
    edit = edit.model_copy(update={"timeline": edit.timeline.model_copy(update={"clips": fast})})
    if "speeds" in FORMATS[suffix].loses:
        with pytest.raises(RequestError, match="clip 1 plays at 2 times its speed"):
            write_edit(tmp_path / f"edit{suffix}", edit)
        assert not list(tmp_path.iterdir())
        return
    clips = there_and_back(tmp_path, edit, suffix).timeline.clips
    assert clips[0].start == 48_000
    assert [clip.speed for clip in clips] == [2, 1]
    assert abs(clips[0].stop - 96_000) <= 2
