"""Any sequence of moves: it opens, serialises, undoes and renders; and three doors, one sound."""

from __future__ import annotations

import time

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sayso
from sayso.audio import Audio, read, write
from sayso.cli import main
from sayso.conversation import Conversation
from sayso.desk import Desk
from sayso.errors import RangeError, RequestError, SaysoError
from sayso.jobs import Workers
from sayso.rendering import render
from sayso.separate import Models
from sayso.service import Limits, Settings, create_app, renders

MODELS = Models("simple")
NAMES = st.sampled_from(["vocals", "drums", "no vocals", "mix"])
TIMES = st.one_of(st.none(), st.floats(-1.5, 1.5).map(lambda s: round(s, 3)))
SPANS = st.fixed_dictionaries(
    {}, optional={"start_s": TIMES.filter(lambda s: s is not None), "end_s": TIMES}
)
EFFECTS = st.one_of(
    st.sampled_from(
        [
            {"effect": "swap"},
            {"effect": "balance", "position": 0.4},
            {"effect": "dehum"},
            {"effect": "declick"},
            {"effect": "deess"},
            {"effect": "gate"},
            {"effect": "distort", "amount": 0.4},
            {"effect": "chorus", "amount": 0.4},
            {"effect": "normalise", "peak_db": -2},
        ]
    ),
    st.fixed_dictionaries({"effect": st.just("gain"), "db": st.floats(-30, 12)}),
    st.fixed_dictionaries({"effect": st.just("reverb"), "amount": st.floats(0, 1)}),
    st.fixed_dictionaries({"effect": st.just("width"), "amount": st.floats(0, 2)}),
    st.fixed_dictionaries({"effect": st.just("pan"), "position": st.floats(-1, 1)}),
    st.just({"effect": "reverse"}),
    st.just({"effect": "mute"}),
    st.just({"effect": "fade", "in_s": 0.1, "out_s": 0.2}),
    st.just({"effect": "duck", "under": "vocals", "db": -9}),
    st.just({"effect": "compress", "amount": "low"}),
    st.just({"effect": "filter", "type": "lowpass", "cutoff_hz": 900}),
)
SPANNED = st.builds(lambda e, s: {**e, "span": s}, EFFECTS, SPANS) | EFFECTS
STEPS = st.sampled_from(
    [
        {"step": "cut", "start_s": 0.2, "end_s": 0.5},
        {"step": "keep", "end_s": 0.9},
        {"step": "loop", "start_s": 0.1, "end_s": 0.3, "times": 3},
        {"step": "move", "start_s": 0, "end_s": 0.2, "to_s": 9},
        {"step": "shorten_to", "seconds": 0.7},
        {"step": "remove_silence", "longest_s": 0.1},
        {
            "step": "arrange",
            "spans": [{"start_s": 0.5}, {"start_s": 0, "end_s": 0.4, "gap_s": 0.1}],
        },
    ]
)
MOVES = st.one_of(
    st.builds(
        lambda t, e, r: {"do": "adjust", "target": t, "relative": r, "effects": e},
        NAMES,
        st.lists(SPANNED, min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(lambda s: {"do": "edit", "steps": [s]}, STEPS),
    st.builds(lambda t: {"do": "remove", "targets": [t]}, st.sampled_from(["vocals", "drums"])),
    st.builds(lambda t: {"do": "extract", "targets": [t]}, NAMES),
    st.builds(lambda t: {"do": "set", "target": t, "solo": True}, NAMES),
    st.just({"do": "clean"}),
    st.just({"do": "reset"}),
    st.just({"do": "undo"}),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(turns=st.lists(st.lists(MOVES, min_size=1, max_size=3), max_size=8))
def test_whatever_is_asked_opens_serialises_undoes_and_renders(turns):
    conversation, before = Conversation(), []
    for turn in turns:
        try:
            after = conversation.do(turn)
        except SaysoError:
            continue  # refused as a whole: nothing has changed
        if "undo" not in {move["do"] for move in turn}:
            assert after.undo().desk == conversation.desk
            assert after.undo().redo().desk == after.desk
        before.append(conversation)
        conversation = after
        assert Conversation.model_validate_json(after.model_dump_json(exclude_none=True)) == after
        assert Desk.model_validate_json(after.desk.model_dump_json()) == after.desk
    rng = np.random.default_rng(3)
    samples = rng.standard_normal((2, 9600)).astype(np.float32) * 0.1
    try:
        result = render(Audio(samples, 8000), conversation.desk, models=MODELS)
    except (RangeError, RequestError) as error:
        assert str(error)  # beyond the end, or nothing left: said in words
        return
    assert tuple(result.tracks) == conversation.desk.deliver
    for track in result.tracks.values():
        assert np.isfinite(track.audio.samples).all()
        tempo = conversation.desk.tempo
        assert track.audio.frames == round(result.timeline.frames / tempo)


def test_words_that_pile_up_leave_a_desk_that_opens(demo):
    session = sayso.Studio("simple").open(demo["mix"].slice(0, 8000))
    session.say(", ".join(["make the drums louder"] * 40))
    session.say(" and ".join(["louder"] * 33))
    stored = session.conversation.model_dump_json()
    assert Conversation.model_validate_json(stored) == session.conversation


REQUESTS = {
    "words": "remove the vocals and pan the drums a bit to the left",
    "stems": [{"do": "extract", "targets": ["vocals", "no vocals"]}],
    "effects": [
        {
            "do": "adjust",
            "target": "drums",
            "effects": [
                {"effect": "gain", "db": 4},
                {"effect": "eq", "frequency_hz": 2000, "gain_db": 5},
                {"effect": "compress", "amount": "medium"},
                {"effect": "delay", "time_s": 0.1},
                {"effect": "width", "amount": 0.5},
            ],
        },
        {"do": "adjust", "target": "mix", "effects": [{"effect": "loudness", "lufs": -20}]},
    ],
    "spans": [
        {
            "do": "adjust",
            "target": "bass",
            "effects": [
                {"effect": "reverse", "span": {"start_s": 0.5, "end_s": 1}},
                {"effect": "mute", "span": {"start_s": -0.5}},
            ],
        },
        {"do": "adjust", "target": "mix", "effects": [{"effect": "fade", "out_s": 0.5}]},
        {
            "do": "adjust",
            "target": "drums",
            "effects": [{"effect": "duck", "under": "vocals"}],
        },
        {"do": "edit", "steps": [{"step": "cut", "start_s": 0.2, "end_s": 0.4}]},
    ],
    "cleaning": [{"do": "clean"}],
    "timeline": [
        {
            "do": "edit",
            "steps": [
                {
                    "step": "arrange",
                    "spans": [
                        {"start_s": 1, "end_s": 1.5, "speed": 1.5},
                        {"start_s": 0, "end_s": 0.8, "gap_s": 0.1, "gain_db": -3},
                    ],
                    "crossfade_s": 0.05,
                    "fade_out_s": 0.1,
                }
            ],
        },
        {"do": "remove", "targets": ["vocals"]},
    ],
}


@pytest.fixture(scope="module")
def song(demo, tmp_path_factory):
    return write(tmp_path_factory.mktemp("doors") / "song.wav", demo["mix"].slice(0, 88_200))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    given = Settings(folder=folder, model="simple", limits=Limits(requests_a_minute=100_000))
    working = Workers(given.queue, [renders.__name__], threads=1, polling_s=0.05)
    with TestClient(create_app(given), base_url="http://127.0.0.1") as client, working:
        yield client


def by_python(song, request_, folder):
    session = sayso.Studio("simple").open(song)
    session.say(request_) if isinstance(request_, str) else session.do(request_)
    return {name: track.audio for name, track in session.render().tracks.items()}


def by_http(client, song, request_, folder):
    session = client.post("/sessions", files={"file": ("song.wav", song.read_bytes())}).json()
    at = f"/sessions/{session['id']}"
    if isinstance(request_, str):
        answer = client.post(f"{at}/messages", json={"text": request_})
    else:
        answer = client.post(f"{at}/moves", json={"moves": request_, "render": True})
    render_ = answer.json()["render"]
    while render_["state"] in ("queued", "running"):
        time.sleep(0.05)
        render_ = client.get(render_["url"]).json()
    assert render_["state"] == "done", render_
    found = {}
    for track in render_["tracks"]:
        path = folder / "track.wav"
        path.write_bytes(client.get(track["url"], params={"encoding": "float32"}).content)
        found[track["target"]] = read(path)
    return found


def by_command(song, request_, folder):
    options = ["-n", "simple", "-o", str(folder), "--float32", "--no-cache"]
    assert main(["ask", str(song), request_, *options]) == 0
    return {path.stem: read(path) for path in folder.rglob("*.wav")}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_same_request_sounds_the_same_through_every_door(name, song, served, tmp_path):
    request_ = REQUESTS[name]
    doors = {"python": by_python(song, request_, tmp_path)}
    (tmp_path / "http").mkdir()
    doors["http"] = by_http(served, song, request_, tmp_path / "http")
    if isinstance(request_, str):
        doors["command"] = by_command(song, request_, tmp_path / "cli")
    first = doors.pop("python")
    for door, tracks in doors.items():
        assert list(tracks) == list(first), door
        for target, audio in tracks.items():
            assert np.array_equal(audio.samples, first[target].samples), (door, target)


def test_with_cleaning_on_the_cuts_tell_their_true_length_once_rendered(served, demo, tmp_path):
    samples = np.array(demo["vocals"].samples[:, : 3 * 44_100])
    samples[:, 44_100 : 2 * 44_100] = 0
    song = write(tmp_path / "talk.wav", Audio(samples, 44_100))
    session = served.post("/sessions", files={"file": ("talk.wav", song.read_bytes())}).json()
    at = f"/sessions/{session['id']}"
    tighter = {"do": "edit", "steps": [{"step": "remove_silence", "longest_s": 0.2}]}
    moves = [{"do": "clean", "cleaning": {"gate": {"range_db": -60}}}, tighter]
    answer = served.post(f"{at}/moves", json={"moves": moves, "render": True}).json()
    render_ = answer["render"]
    while render_["state"] in ("queued", "running"):
        time.sleep(0.05)
        render_ = served.get(render_["url"]).json()
    found = served.get(f"{at}/cuts").json()
    assert found["duration_s"] == pytest.approx(render_["tracks"][0]["duration_s"])
    assert found["duration_s"] < 2.7
    served.post(f"{at}/moves", json={"moves": [{"do": "edit", "steps": [tighter["steps"][0]]}]})
    assert served.get(f"{at}/cuts").json()["spans"] is None
