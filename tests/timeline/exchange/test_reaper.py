from __future__ import annotations

import pytest
from tests.timeline.exchange.reading import RATE, found, gaps_s, heard_s, read, spans_s

from sayso.errors import FormatError

WAVE = '<SOURCE WAVE\nFILE "raw.wav"\n>'


def item(at, length, offset, *lines, source=WAVE):
    given = "\n".join(lines)
    return f"<ITEM\nPOSITION {at}\nLENGTH {length}\nSOFFS {offset}\n{given}\n{source}\n>"


def track(*items, name="take", head=""):
    inside = "\n".join(items)
    return f'<TRACK\nNAME "{name}"\n{head}\n{inside}\n>'


def project(*tracks, head=""):
    return '<REAPER_PROJECT 0.1 "7.16" 0\n' + head + "\n" + "\n".join(tracks) + "\n>\n"


def heard(*items, **options):
    return heard_s(project(track(*items, **options)), ".rpp")


def test_the_take_that_is_selected_plays():
    two = ("TAKE SEL", "NAME two", "SOFFS 40", "PLAYRATE 1 1 0 -1", WAVE, "TAKE", "SOFFS 50")
    assert heard(item(0, 5, 10, WAVE, *two)) == [(40, 45)]
    assert heard(item(0, 5, 10, WAVE, "TAKE", "SOFFS 40", WAVE, "TAKE", "SOFFS 50")) == [(10, 15)]


def test_a_muted_item_is_a_gap():
    muted = item(5, 5, 20, "MUTE 1 0")
    edit, notes = read(project(track(item(0, 5, 10), muted, item(10, 5, 30))), ".rpp")
    assert spans_s(edit) == [(10, 15), (30, 35)]
    assert gaps_s(edit) == [0, 5]
    assert notes == ["1 clip is switched off, and left out"]


def test_nothing_of_what_is_muted_is_checked():
    fast = item(5, 5, 20, "MUTE 1 0", "PLAYRATE 2 1 0 -1", "SM 0 0 + 1 2")
    assert heard(item(0, 5, 10), fast) == [(10, 15)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("MUTESOLO 1 0 0", ""),
        ("", "MUTESOLO 0 2 0"),
        ("VOLPAN 0 0 -1 -1 1", ""),
    ],
)
def test_tracks_that_are_muted_or_not_soloed_are_left_out(first, second):
    tracks = track(item(0, 5, 10), head=first), track(item(0, 5, 30), head=second)
    assert heard_s(project(*tracks), ".rpp") == [(30, 35)]


def test_a_muted_folder_mutes_what_is_in_it():
    tracks = (
        track(head="ISBUS 1 1\nMUTESOLO 1 0 0"),
        track(item(0, 5, 10), head="ISBUS 2 -1"),
        track(item(0, 5, 30)),
    )
    assert heard_s(project(*tracks), ".rpp") == [(30, 35)]


def test_everything_muted_is_told():
    with pytest.raises(FormatError, match="every clip with sound is muted"):
        heard(item(0, 5, 10, "MUTE 1 0"))


SECTION = '<SOURCE SECTION\nLENGTH 8\nMODE {}\nSTARTPOS 10\n<SOURCE WAVE\nFILE "raw.wav"\n>\n>'


def test_a_section_is_read_from_where_it_starts():
    assert heard(item(0, 5, 1, source=SECTION.format(0))) == [(11, 16)]


def test_a_section_that_loops_begins_again():
    assert heard(item(0, 12, 5, "LOOP 1", source=SECTION.format(0))) == [
        (15, 18),
        (10, 18),
        (10, 11),
    ]


def test_a_recording_that_loops_begins_again():
    assert heard(item(0, 15, 50, "LOOP 1")) == [(50, 60), (0, 5)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (item(0, 5, 0, source=SECTION.format(2)), "backwards"),
        (item(0, 5, 0, source=SECTION.format(3)), "backwards"),
        (item(0, 12, 0, source=SECTION.format(0)), "beyond the section"),
        (item(0, 5, 0, "PLAYRATE 8 1 0 -1"), "8 times its speed"),
        (item(0, 5, 0, "SM 0 0 + 2 3"), "stretch markers"),
        (item(0, 5, 0, "ALLTAKES 1", WAVE, "TAKE", "SOFFS 3"), "all of its takes"),
        (item(0, 15, 50), "within the"),
        (item(0, 0, 0), "no length"),
        (item("x", 5, 0), "expected a number"),
        (item("1e999", 5, 0), "expected a number"),
        ("<ITEM\nLENGTH 5\n>", "holds no clips"),
        (f"<ITEM\nLENGTH 5\n{WAVE}\n>", "no POSITION"),
    ],
)
def test_what_an_edit_cannot_hold_is_refused(bad, says):
    with pytest.raises(FormatError, match=says):
        heard(bad)


def test_a_project_at_another_speed_is_refused():
    with pytest.raises(FormatError, match="whole project"):
        read(project(track(item(0, 5, 10)), head="PLAYRATE 1.5 0 0.25 4"), ".rpp")


def test_gains_of_tracks_folders_items_and_takes_add_up():
    tracks = (
        track(head="ISBUS 1 1\nVOLPAN 0.5 0 -1 -1 1"),
        track(item(0, 5, 10, "VOLPAN 2 0 4 -1"), head="VOLPAN 0.5 0 -1 -1 1\nISBUS 2 -1"),
    )
    edit, _ = read(project(*tracks), ".rpp")
    assert edit.timeline.clips[0].gain_db == pytest.approx(6.0206, abs=1e-3)
    take = item(
        0, 5, 10, "VOLPAN 1 0 9 -1", WAVE, "TAKE SEL", "TAKEVOLPAN 0 0.5 -1", "SOFFS 1", WAVE
    )
    edit, _ = read(project(track(take)), ".rpp")
    assert edit.timeline.clips[0].gain_db == pytest.approx(-6.0206, abs=1e-3)


def test_a_gain_out_of_range_is_held_and_told():
    edit, notes = read(project(track(item(0, 5, 10, "VOLPAN 100 0 1 -1"))), ".rpp")
    assert edit.timeline.clips[0].gain_db == 24
    assert notes == ["the gain of clip 1, 40.0 dB, is held at 24 dB"]


def test_what_changes_the_sound_only_is_noted():
    given = item(0, 5, 10, "CHANMODE 2", "<TAKEFX\nBYPASS 0 0 0\n>", "<VOLENV\n>")
    edit, notes = read(project(track(given, "<FXCHAIN\nSHOW 0\n>")), ".rpp")
    assert spans_s(edit) == [(10, 15)]
    assert {note.removesuffix(" are left out") for note in notes} == {
        "channel modes of clips", "plug-ins of clips", "volume curves", "plug-ins of tracks",
    }  # fmt: skip


def test_items_without_a_recording_are_left_out_and_told():
    midi = item(5, 5, 0, source="<SOURCE MIDI\nHASDATA 1 960 QN\n>")
    edit, notes = read(project(track(item(0, 5, 10), midi)), ".rpp")
    assert spans_s(edit) == [(10, 15)]
    assert notes == ["items without a recording, such as MIDI, are left out"]


def test_tracks_that_take_turns_are_one_and_layers_are_refused():
    first = track(item(0, 5, 10), item(10, 5, 30), name="a")
    turns = track(item(5, 5, 20), name="b")
    assert heard_s(project(first, turns), ".rpp") == [(10, 15), (20, 25), (30, 35)]
    layer = track(item(3, 5, 20), name="b")
    with pytest.raises(FormatError, match="take turns"):
        read(project(first, layer), ".rpp")


def test_recordings_side_by_side_are_cut_together_or_refused():
    other = '<SOURCE WAVE\nFILE "stem.wav"\n>'
    mix, stem = track(item(0, 5, 10), name="mix"), track(item(0, 5, 10, source=other), name="stem")
    edit, _ = read(project(mix, stem), ".rpp")
    assert (spans_s(edit), edit.sources) == ([(10, 15)], ("raw.wav", "stem.wav"))
    moved = track(item(1, 5, 10, source=other), name="stem")
    with pytest.raises(FormatError, match="'mix' and 'stem' are cut at different places"):
        read(project(mix, moved), ".rpp")
    with pytest.raises(FormatError, match="from 2 recordings"):
        heard(item(0, 5, 10), item(5, 5, 10, source=other))


def test_names_may_be_quoted_in_any_way():
    for written in (
        '"my raw.wav"',
        "'my \"raw\".wav'",
        "`a'b\"c.wav`",
        "raw.wav",
        "..\\rec\\raw.wav",
    ):
        edit, _ = read(
            project(track(item(0, 5, 1, source=f"<SOURCE WAVE\nFILE {written} 1\n>"))), ".rpp"
        )
        assert edit.sources == (written if written[0] not in "\"'`" else written[1:-1],)


def test_every_crossfade_keeps_its_length():
    items = item(0, 5, 10), item(4, 5, 20), item(8.5, 5, 30), item(13.5, 5, 40)
    edit, notes = read(project(track(*items)), ".rpp")
    assert spans_s(edit) == [(10, 14.5), (20.5, 24.75), (30.25, 35), (40, 45)]
    assert [edit.timeline.join(at) / RATE for at in (1, 2, 3)] == [1, 0.5, 0]
    assert notes == []


def test_fades_of_the_ends_are_kept_and_others_told():
    items = (
        item(0, 5, 10, "FADEIN 1 0.5 0", "FADEOUT 1 1 0"),
        item(5, 5, 30, "FADEIN 1 0.01 0", "FADEOUT 1 0.01 2"),
    )
    edit, notes = read(project(track(*items)), ".rpp")
    timeline = edit.timeline
    assert (timeline.fade_in_frames, timeline.fade_out_frames) == (RATE // 2, 2 * RATE)
    assert notes == ["1 fade between the first and the last clip: left out"]


def test_an_item_at_another_speed_plays_so():
    edit, notes = read(project(track(item(0, 5, 10, "PLAYRATE 2 0 0 -1"))), ".rpp")
    (clip,) = edit.timeline.clips
    assert (spans_s(edit), clip.speed) == ([(10, 20)], 2)
    assert notes == ["changes of pitch are left out", "1 clip at another speed: at the same pitch"]
    looped = item(0, 10, 50, "LOOP 1", "PLAYRATE 2 1 0 -1")
    assert heard(looped) == [(50, 60), (0, 10)]


def test_an_item_within_another_is_refused():
    with pytest.raises(FormatError, match="lies within"):
        heard(item(0, 10, 10), item(3, 2, 30))


def test_decimal_commas_and_other_encodings_are_read():
    text = project(track(item("0", "5,5", "10,25"), name="Übung")).replace("raw.wav", "Übung.wav")
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        edit, _ = read(text.encode(encoding), ".rpp", find=found)
        assert (spans_s(edit), edit.sources) == ([(10.25, 15.75)], ("Übung.wav",))
