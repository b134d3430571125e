"""Every door leads to the same sound: Python, the command line, HTTP, and an agent's tools.

The same requests go through all of them, and their tracks are compared sample by sample.
"""

from __future__ import annotations

import os
import time
from typing import get_args

import anyio
import numpy as np
import pytest
from fastapi.testclient import TestClient
from mcp.client import Client

import sayso
from sayso.audio import Audio, read, write
from sayso.clean import load_config
from sayso.cli import main
from sayso.desk.edits import EditStep
from sayso.desk.effects import EFFECTS
from sayso.jobs import Workers
from sayso.service import Limits, Settings, create_app, renders
from sayso.service.agents import create_server
from sayso.service.tables import Session

RATE = 16_000


def on(target, *effects, relative=False):
    return {"do": "adjust", "target": target, "relative": relative, "effects": list(effects)}


def edit(*steps):
    return {"do": "edit", "steps": list(steps)}


def fx(effect, **fields):
    return {"effect": effect, **fields}


SAID = """
take the vocals out
only the bass
give me the drums
split it into vocals, drums, bass and other
give me the vocals and everything else
drums up by 3 dB
make the bass much quieter
turn everything down by 4 dB
put some reverb on the vocals
make it a cathedral
pan the drums hard left
drums a bit to the right
pitch the vocals up by 2 semitones
transpose everything down an octave
compress the drums hard
put an echo on the vocals
more bass
boost the vocals at 3 kHz by 4 dB
low-pass the bass at 400 Hz
high-pass everything at 200 Hz
make it sound like a telephone
play it 20% faster
slow it down to half speed
limit it to -3 dB
bring it to -18 LUFS
play the drums backwards
make it wider
make it mono
fade out over half a second
fade in the drums over 0.3 seconds
duck the drums under the vocals
mute the bass from 0.2 to 0.6 seconds
reverb on the vocals in the first half second
keep the first second
cut the first 0.3 seconds
cut the last half second
loop the first half second 3 times
remove the silences
clean it up, speech only
remove the vocals and make the drums louder
drums up by 3 dB, no, 5 dB
""".strip().splitlines()

DONE = {
    "nothing": [],
    "two stems": [{"do": "extract", "targets": ["vocals", "no vocals"]}],
    "two removed": [{"do": "remove", "targets": ["vocals", "drums"]}],
    "solo": [{"do": "set", "target": "bass", "solo": True}],
    "fader": [{"do": "set", "target": "drums", "gain_db": -5, "effects": [fx("pan", position=1)]}],
    "all but": [on("no vocals", fx("gain", db=-6))],
    "a chain": [
        on(
            "vocals",
            fx("eq", frequency_hz=2000, gain_db=5, q=1),
            fx("compress", amount="medium"),
            fx("delay", time_s=0.1, feedback=0.4, mix=0.3),
            fx("reverb", amount=0.4),
        ),
        on("mix", fx("loudness", lufs=-20), fx("limit", ceiling_db=-6)),
    ],
    "filters": [
        on("drums", fx("filter", type="bandpass", low_hz=300, high_hz=3400)),
        on("bass", fx("filter", type="lowpass", cutoff_hz=900)),
    ],
    "pitch and tempo": [
        on("vocals", fx("pitch", semitones=-3)),
        on("mix", fx("stretch", rate=1.2)),
    ],
    "louder than full scale": [on("mix", fx("gain", db=18))],
    "even more": [
        on("drums", fx("gain", db=3), fx("reverb", amount=0.2)),
        on("drums", fx("gain", db=3), fx("reverb", amount=0.2), relative=True),
    ],
    "spans": [
        on("bass", fx("reverse", span={"start_s": 0.2, "end_s": 0.5})),
        on("drums", fx("mute", span={"start_s": -0.3, "fade_in_s": 0.1})),
        on("mix", fx("fade", in_s=0.1, out_s=0.3)),
        edit({"step": "cut", "start_s": 0.1, "end_s": 0.3}),
    ],
    "ducking": [on("drums", fx("duck", under="vocals", db=-9)), on("mix", fx("width", amount=0.5))],
    "repair": [
        on("mix", fx("dehum"), fx("declick"), fx("deess"), fx("gate", threshold_db=-40)),
        on("mix", fx("normalise", peak_db=-2)),
    ],
    "colour": [on("bass", fx("distort", amount=0.4)), on("drums", fx("chorus", amount=0.4))],
    "sides": [on("drums", fx("swap")), on("mix", fx("balance", position=0.4))],
    "one channel": [on("mix", fx("mono"))],
    "another rate": [on("mix", fx("sample_rate", hz=8000))],
    "keep": [edit({"step": "keep", "start_s": 0.2, "end_s": 0.9})],
    "cut": [edit({"step": "cut", "start_s": 0.4, "end_s": 0.6})],
    "tails": [edit({"step": "cut_tail", "seconds": 0.2}, {"step": "keep_tail", "seconds": 0.5})],
    "loop": [edit({"step": "loop", "start_s": 0.2, "end_s": 0.4, "times": 3})],
    "move": [edit({"step": "move", "start_s": 0, "end_s": 0.3, "to_s": 9})],
    "shorten": [edit({"step": "shorten_to", "seconds": 0.7})],
    "silences": [edit({"step": "remove_silence", "longest_s": 0.05})],
    "arrange": [
        edit(
            {
                "step": "arrange",
                "spans": [
                    {"start_s": 0.6, "end_s": 1.1, "speed": 1.5},
                    {"start_s": 0, "end_s": 0.5, "gap_s": 0.1, "gain_db": -3},
                ],
                "crossfade_s": 0.05,
                "fade_out_s": 0.1,
            }
        ),
        {"do": "remove", "targets": ["vocals"]},
    ],
    "clean": [{"do": "clean"}],
    "clean otherwise": [
        {"do": "clean", "cleaning": {"denoise": {}, "gate": {"range_db": -30}}},
        on("mix", fx("loudness", lufs=-18)),
    ],
    "undo": [on("drums", fx("gain", db=4)), {"do": "undo"}],
    "reset": [
        on("drums", fx("gain", db=4)),
        on("bass", fx("gain", db=4)),
        {"do": "reset", "target": "bass"},
    ],
}


def test_the_requests_use_all_that_can_be_asked_for():
    moves = [move for made in DONE.values() for move in made]
    used = {e["effect"] for move in moves for e in move.get("effects") or ()}
    assert used == EFFECTS.keys()
    steps = {step["step"] for move in moves for step in move.get("steps", ())}
    known = {cls.model_fields["step"].default for cls in get_args(get_args(EditStep)[0])}
    # A file, and songs that are longer.
    assert known - steps == {"like", "loop_chorus", "keep_best"}
    assert len(SAID) + len(DONE) >= 60


@pytest.fixture(scope="module")
def song(demo, tmp_path_factory):
    """1.2 s with a pause in them, as float."""
    whole = sayso.separate(demo["mix"].slice(0, 1), models="simple")  # loads what is slow
    assert whole
    samples = np.array(demo["mix"].samples[:, 2 * 44_100 :: 3][:, : round(1.2 * RATE)])
    samples[:, RATE // 2 : 5 * RATE // 8] = 0
    path = tmp_path_factory.mktemp("doors") / "song.wav"
    return write(path, Audio(samples, RATE), encoding="float32")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    given = Settings(folder=folder, model="simple", limits=Limits(requests_a_minute=100_000))
    working = Workers(given.queue, [renders.__name__], threads=1, polling_s=0.01)
    with TestClient(create_app(given), base_url="http://127.0.0.1") as client, working:
        yield client


def by_python(song, request_):
    session = sayso.Studio("simple").open(song)
    if isinstance(request_, str):
        session.say(request_)
    elif request_:
        session.do(request_)
    return {name: track.audio for name, track in session.render().tracks.items()}


def rendered(client, render, folder):
    while render["state"] in ("queued", "running"):
        time.sleep(0.05)
        render = client.get(render["url"]).json()
    assert render["state"] == "done", render
    found = {}
    for track in render["tracks"]:
        path = folder / "track.wav"
        path.write_bytes(client.get(track["url"], params={"encoding": "float32"}).content)
        found[track["target"]] = read(path)
    return found


@pytest.fixture(scope="module")
def another(served, song):
    """Opens a session on the song, which is sent and decoded once: `another()` is its path."""
    files = {"file": ("song.wav", song.read_bytes())}
    service = served.app.state.service
    first = service.store.get(served.post("/sessions", files=files).json()["id"], None)

    def opened():
        kept = {"name": first.name, "sample_rate": first.sample_rate, "frames": first.frames}
        new = Session(channels=first.channels, history=first.history, **kept)
        service.folder(new.id).mkdir()
        os.link(service.source(first), service.source(new))
        service.store.add(new, most=1000)
        return f"/sessions/{new.id}"

    return opened


def by_http(client, at, request_, folder):
    if isinstance(request_, str):
        answer = client.post(f"{at}/messages", json={"text": request_})
    elif request_:
        answer = client.post(f"{at}/moves", json={"moves": request_, "render": True})
    else:
        return rendered(client, client.post(f"{at}/renders", json={}).json(), folder)
    return rendered(client, answer.json()["render"], folder)


def by_command(song, words, folder):
    options = ["-n", "simple", "-o", str(folder), "--float32", "--no-cache"]
    assert main(["ask", str(song), words, *options]) == 0
    return files_in(folder)


def files_in(folder):
    return {path.stem.replace("_", " "): read(path) for path in sorted(folder.rglob("*.wav"))}


TOOLS = {"set": "set_strip"}


def by_agent(song, request_, folder):
    """An agent's tools, one call a move; files come in 16 bits, so that is what is compared."""

    async def calls():
        async with Client(create_server(sayso.Studio("simple"))) as client:

            async def call(tool, **given):
                answer = await client.call_tool(tool, given)
                assert not answer.is_error, answer.content[0].text

            await call("open", path=str(song))
            if isinstance(request_, str):
                await call("say", words=request_)
            for move in () if isinstance(request_, str) else request_:
                given = {name: value for name, value in move.items() if name != "do"}
                await call(TOOLS.get(move["do"], move["do"]), **given)
            await call("render", folder=str(folder))

    anyio.run(calls)
    return files_in(folder)


def assert_same(tracks, wanted):
    assert sorted(tracks) == sorted(wanted)
    for name, audio in tracks.items():
        assert np.array_equal(audio.samples, wanted[name].samples), name


def assert_same_files(tracks, wanted, folder):
    """As `assert_same`, where the tracks were written in the usual encoding."""
    kept = {name: read(write(folder / f"{name}.wav", audio)) for name, audio in wanted.items()}
    assert_same(tracks, kept)


@pytest.mark.parametrize("words", SAID)
def test_words_sound_the_same_through_every_door(words, song, served, another, tmp_path):
    wanted = by_python(song, words)
    assert_same(by_http(served, another(), words, tmp_path), wanted)
    assert_same(by_command(song, words, tmp_path / "cli"), wanted)


@pytest.mark.parametrize("name", DONE)
def test_moves_sound_the_same_through_every_door(name, song, served, another, tmp_path):
    wanted = by_python(song, DONE[name])
    assert_same(by_http(served, another(), DONE[name], tmp_path), wanted)
    assert_same_files(by_agent(song, DONE[name], tmp_path / "agent"), wanted, tmp_path / "kept")


@pytest.mark.parametrize("two", [None, "vocals"])
def test_separating_is_the_same_through_every_door(two, song, served, tmp_path):
    wanted = sayso.separate(song, two_stems=two, models="simple")
    options = ["-n", "simple", "-o", str(tmp_path / "cli"), "--float32", "--no-cache"]
    assert main(["separate", str(song), *(["--two-stems", two] if two else []), *options]) == 0
    assert_same(files_in(tmp_path / "cli"), wanted)
    files, data = {"file": ("song.wav", song.read_bytes())}, {"two_stems": two} if two else {}
    opened = served.post("/separate", files=files, data=data).json()
    assert_same(rendered(served, opened["answer"]["render"], tmp_path), wanted)


@pytest.mark.parametrize("words", ["take the vocals out", "only the bass", "keep the first second"])
def test_a_batch_makes_of_each_file_what_it_makes_of_one(words, song, tmp_path):
    folder = tmp_path / "in"
    for number in range(2):
        write(folder / f"{number}.wav", read(song).slice(number * 2000, 18_000), encoding="float32")
    options = ["-n", "simple", "-o", str(tmp_path / "out"), "--float32", "--no-cache"]
    assert main(["ask", str(folder), words, *options]) == 0
    for path in sorted(folder.iterdir()):
        assert_same(files_in(tmp_path / "out" / path.stem), by_python(path, words))


@pytest.mark.parametrize("config", ["fast", "best"])
def test_cleaning_a_file_is_what_a_desk_that_cleans_makes(config, noisy, tmp_path):
    song = write(tmp_path / "talk.wav", noisy(2.0, level=0.03)[1], encoding="float32")
    options = ["--config", config, "--set", "encoding=float32", "-o", str(tmp_path / "out")]
    assert main(["clean", str(song), *options]) == 0
    desk = sayso.Desk(clean=load_config(config).stages)
    wanted = sayso.render(song, desk).tracks["mix"].audio
    assert_same(files_in(tmp_path / "out"), {"talk": wanted})


def test_beyond_the_end_is_refused_at_every_door_when_it_is_asked_for(song, served, tmp_path):
    cut = edit({"step": "cut", "start_s": 60})
    late = on("drums", fx("mute", span={"start_s": 60}))
    session = sayso.Studio("simple").open(song)
    opened = served.post("/sessions", files={"file": ("s.wav", song.read_bytes())}).json()
    at = f"/sessions/{opened['id']}"
    high = on("drums", fx("eq", frequency_hz=9000, gain_db=3))
    for move, why in ((cut, "after the end"), (late, "after the end"), (high, "at 16000 Hz holds")):
        with pytest.raises(sayso.SaysoError, match=why):
            session.do([move])
        refused = served.post(f"{at}/moves", json={"moves": [move], "render": True})
        assert refused.status_code == 422 and why in refused.text
    answer = session.say("cut from 1:00 to 1:10")
    assert "after the end; there are 1.20 s" in answer.text
    message = served.post(f"{at}/messages", json={"text": "cut from 1:00 to 1:10"}).json()
    assert message["reply"] == answer.text and message["render"] is None
    assert session.desk == sayso.Desk() and not session.conversation.history.turns
    assert main(["ask", str(song), "cut from 1:00 to 1:10", "-o", str(tmp_path / "cli")]) != 0
    assert not (tmp_path / "cli").exists()
    # After pauses were taken out nobody knows yet how long it is; rendering finds out.
    session.do([edit({"step": "remove_silence"}, {"step": "cut", "start_s": 60})])
    with pytest.raises(sayso.SaysoError, match="after the end"):
        session.render()


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
