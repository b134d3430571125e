"""Cuts over HTTP: what the desk has, what a scorer proposes, and files for other programs."""

from __future__ import annotations

import io
import wave

import pytest
from tests.align.material import RATE, rehearsal
from tests.service.conftest import Person, wav_bytes

from sayso.audio import write
from sayso.autoedit.features import extract_features
from sayso.desk import Arrange
from sayso.desk.arrangement import arrangement_of
from sayso.timeline import Clip, Timeline
from sayso.timeline.exchange import FORMATS, open_edit
from sayso.train.editor import EditorConfig, learn
from sayso.train.editor_lessons import Pair

EDL = b"TITLE: x\n001  AX  A  C  01:00:01:12 01:00:02:24 00:00:00:00 00:00:01:12\n"


def recording() -> bytes:
    audio, _ = rehearsal()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((audio.samples[0] * 32767).astype("<i2").tobytes())
    return out.getvalue()


@pytest.fixture
def me(make):
    return Person(make())


def cuts(me, session, **choice):
    if choice:
        return me.ask("POST", f"/sessions/{session['id']}/cuts/choose", json=choice)
    return me.ask("GET", f"/sessions/{session['id']}/cuts")


def test_cuts_by_words_and_by_hand_are_one_timeline(me):
    session = me.open(data=recording())
    whole = session["source"]["duration_s"]
    (span,) = cuts(me, session)["spans"]
    assert (span["start_s"], span["end_s"], span["gain_db"], span["speed"]) == (0, whole, 0, 1)
    me.say(session, "cut the first 2 seconds", render=False)
    (span,) = cuts(me, session)["spans"]
    assert (span["start_s"], span["end_s"]) == (2, whole)
    me.say(session, "tighten the pauses", render=False)
    assert len(cuts(me, session)["spans"]) > 2
    spans = [{"start_s": 9, "end_s": 12}, {"start_s": 1, "end_s": 2.5, "gain_db": -3}]
    move = {"do": "edit", "steps": [{"step": "arrange", "spans": spans}]}
    answer = me.ask("POST", f"/sessions/{session['id']}/moves", json={"moves": [move]})
    assert [step["step"] for step in answer["desk"]["edits"]] == ["arrange"]
    assert "2 stretches" in answer["reply"]
    found = cuts(me, session)
    assert [one["start_s"] for one in found["spans"]] == [9, 1]
    assert found["duration_s"] == 4.5
    me.ask("POST", f"/sessions/{session['id']}/undo")
    assert len(cuts(me, session)["spans"]) > 2


def test_what_is_proposed_changes_nothing_and_is_scored_once(me, monkeypatch):
    session = me.open(data=recording())
    less, more = (cuts(me, session, by="level", keep=keep) for keep in (0.3, 0.6))
    assert less["duration_s"] < more["duration_s"]
    assert me.ask("GET", f"/sessions/{session['id']}/desk")["desk"]["edits"] == []
    monkeypatch.setattr(
        "sayso.autoedit.features.extract_features", lambda *_: pytest.fail("heard again")
    )
    assert cuts(me, session, by="level", keep=0.3) == less


def anna(path):
    """Has somebody's editor learn for a moment."""
    audio, spans = rehearsal(1)
    clips = tuple(Clip(start=a, stop=b) for a, b in (spans[1], spans[3]))
    pair = Pair(extract_features(audio), Timeline(sample_rate=RATE, clips=clips))
    config = EditorConfig(steps=3, autoencoder_steps=3, threads=1)
    learn([pair], config=config).save(path)


def test_an_editor_that_has_learnt_is_offered(me, tmp_path):
    anna(tmp_path / "editors" / "anna.editor")
    session = me.open(data=recording())
    assert cuts(me, session)["scorers"] == ["level", "novelty", "anna"]
    alone, half = cuts(me, session, by="anna"), cuts(me, session, by="anna", keep=0.5)
    assert alone["spans"] and half["spans"]
    assert half["duration_s"] == pytest.approx(0.5 * session["source"]["duration_s"], rel=0.3)


@pytest.mark.parametrize("format", ["otio", "rpp", "xml", "edl", "txt", "json"])
def test_cuts_go_to_other_programs(me, format, tmp_path):
    session = me.open("My take.wav", data=recording())
    me.say(session, "keep 2 to 5 seconds", render=False)
    url = f"/sessions/{session['id']}/cuts/export"
    answer = me.client.get(url, params={"format": format})
    assert answer.status_code == 200
    assert f"My%20take.{format}" in answer.headers["content-disposition"]
    path = tmp_path / f"cuts.{format}"
    path.write_text(answer.text)
    write(tmp_path / "My take.wav", rehearsal()[0])
    edit = open_edit(path, recordings=[tmp_path / "My take.wav"])
    (clip,) = edit.timeline.clips
    assert (clip.start / RATE, clip.stop / RATE) == pytest.approx((2, 5), abs=1 / 30)


@pytest.mark.parametrize("format", ["otio", "rpp", "txt"])
def test_cuts_come_back_from_other_programs(me, format):
    session = me.open("My take.wav", data=recording())
    at = f"/sessions/{session['id']}/cuts"
    spans = [{"start_s": 9, "end_s": 12}, {"start_s": 1, "end_s": 2.5}]
    move = {"do": "edit", "steps": [{"step": "arrange", "spans": spans}]}
    me.ask("POST", f"/sessions/{session['id']}/moves", json={"moves": [move]})
    kept = me.ask("GET", at)
    file = me.client.get(f"{at}/export", params={"format": format}).content
    me.ask("POST", f"/sessions/{session['id']}/undo")
    upload = {"file": (f"a/../renamed.{format.upper()}", file)}
    assert me.ask("POST", f"{at}/import", files=upload)["spans"] == kept["spans"]
    assert me.ask("GET", f"/sessions/{session['id']}/desk")["desk"]["edits"] == []
    for name, content, says in (
        ("cuts.exe", file, "ends in"),
        ("cuts.otio", b"[" * 200_000, "damaged"),
        ("cuts.txt", b"\x00\x01", "no text"),
        ("cuts.txt", b"-1e308\t1\t1\n", "no label"),
        (
            "cuts.txt",
            b"".join(b"%d\t%d\t%d\n" % (n % 9, n % 9 + 1, n) for n in range(10_001)),
            "10000",
        ),
        ("cuts.otio", b'{"OTIO_SCHEMA":"UnknownSchema.1"}', "gave up"),
        ("cuts.edl", EDL, "how many frames a second"),
        ("cuts.txt", b"3\t99\t1\n", "expected a stretch within"),
    ):
        upload = {"file": (name, content)}
        assert says in me.ask("POST", f"{at}/import", files=upload, status=422)["detail"]


def test_an_import_is_told_what_its_file_does_not_say(me):
    session = me.open(data=recording())
    at = f"/sessions/{session['id']}/cuts/import"
    upload = {"file": ("cuts.edl", EDL)}
    cuts = me.ask("POST", f"{at}?rate=25&start=01:00:00:00", files=upload)
    assert [(span["start_s"], span["end_s"]) for span in cuts["spans"]] == [(1.48, 2.96)]
    assert cuts["notes"] == []
    assert [one["format"] for one in cuts["formats"]] == [
        suffix.removeprefix(".") for suffix in FORMATS
    ]
    told = me.ask("POST", f"{at}?rate=fast", files=upload, status=422)
    assert "'fast': expected frames a second" in told["detail"]
    chunks = b'{"version": "3", "timebase": "30/1", "a": [[' + (
        b'{"src": "x.mov", "start": 0, "dur": 30, "offset": 60, "effects": ["volume:2"]}]]}'
    )
    cuts = me.ask("POST", at, files={"file": ("cuts.json", chunks)})
    assert cuts["notes"] == ["cuts.json: the effect 'volume' is left out"]


def test_an_edit_like_a_file_is_answered_with_what_can_be_done(me, tmp_path):
    session = me.open(data=recording())
    answer = me.say(session, "edit it like me.editor", render=False)
    assert answer["moves"][0]["do"] == "reply" and answer["desk"]["edits"] == []
    assert "Under Cuts" in answer["reply"] and "me.editor" in answer["reply"]
    for words in answer["moves"][0]["suggestions"]:
        assert me.say(session, words, render=False)["desk"]["edits"]
    (tmp_path / "editors").mkdir()
    (tmp_path / "editors" / "anna.editor").touch()
    assert "what anna would keep" in me.say(session, "edit it like episode1.wav")["reply"]
    move = {"do": "edit", "steps": [{"step": "like", "example": "../editors/anna.editor"}]}
    moves = {"moves": [move]}
    told = me.ask("POST", f"/sessions/{session['id']}/moves", json=moves, status=409)
    assert "opened by name" in told["detail"]


@pytest.mark.parametrize(
    "words", ["edit it like anna", "Cut it the way Anna would", "anna's style"]
)
def test_the_service_edits_like_its_own_editors_by_words(me, tmp_path, words):
    anna(tmp_path / "editors" / "anna.editor")
    session = me.open(data=recording())
    proposed = cuts(me, session, by="anna")
    text = words if words.startswith(("edit", "Cut")) else f"edit it in {words}"
    answer = me.say(session, text, render=False)
    assert "anna" in answer["reply"]
    assert [step["step"] for step in answer["desk"]["edits"]] == ["arrange"]
    assert cuts(me, session)["spans"] == proposed["spans"]
    said = {"text": "edit it like anna", "render": False}
    told = me.ask("POST", f"/sessions/{session['id']}/messages", json=said, status=409)
    assert "before other cuts" in told["detail"]


def test_what_does_not_fit_is_told(me):
    session = me.open(data=recording())
    at = f"/sessions/{session['id']}/cuts"
    told = me.ask("POST", f"{at}/choose", json={"by": "../me"}, status=404)
    assert "level, novelty" in told["detail"]
    me.ask("POST", f"{at}/choose", json={"keep": 0}, status=422)
    me.ask("POST", f"{at}/choose", json={"keep": 0.5, "loud": True}, status=422)
    me.ask("GET", f"{at}/export", params={"format": "exe"}, status=422)
    spans = [{"start_s": 9, "end_s": 12}, {"start_s": 1, "end_s": 2}]
    move = {"do": "edit", "steps": [{"step": "arrange", "spans": spans}]}
    me.ask("POST", f"/sessions/{session['id']}/moves", json={"moves": [move]})
    told = me.ask("GET", f"{at}/export", params={"format": "json"}, status=409)
    assert "cannot hold" in told["detail"]
    short = me.open(data=wav_bytes(1.0))
    told = me.ask("POST", f"/sessions/{short['id']}/cuts/choose", json={"keep": 0.5}, status=422)
    assert "shorter than the segments" in told["detail"]


def arrange(me, session, found, **body):
    """Keeps what was proposed, as the page does."""
    step = {name: found[name] for name in ("spans", "crossfade_s", "fade_in_s", "fade_out_s")}
    move = {"do": "edit", "steps": [{"step": "arrange", **step}]}
    return me.ask("POST", f"/sessions/{session['id']}/moves", json={"moves": [move], **body})


def test_the_length_of_joins_survives_being_kept(me):
    session = me.open(data=recording())
    found = cuts(me, session, by="level", keep=0.5, crossfade_s=1.0)
    assert found["crossfade_s"] == 1.0
    arrange(me, session, found)
    kept = cuts(me, session)
    assert (kept["spans"], kept["crossfade_s"]) == (found["spans"], 1.0)


def test_speeds_and_fades_of_another_program_survive_being_kept(me):
    session = me.open(data=recording())
    clips = (
        Clip(start=0, stop=2 * RATE, speed=2.0),
        Clip(start=3 * RATE, stop=4 * RATE, gap=RATE // 10),
    )
    timeline = Timeline(
        sample_rate=RATE, clips=clips, crossfade_frames=RATE // 50, fade_out_frames=RATE // 5
    )
    step = arrangement_of(timeline)
    arrange(me, session, step.model_dump(mode="json"))
    kept = cuts(me, session)
    assert [span["speed"] for span in kept["spans"]] == [2.0, 1.0]
    assert kept["spans"][1]["gap_s"] == 0.1
    assert kept["fade_out_s"] == 0.2
    assert kept["duration_s"] == timeline.duration_s
    kept["spans"] = list(step.spans)
    assert Arrange.model_validate({n: kept[n] for n in Arrange.model_fields if n in kept}) == step
