"""The whole API, on SQLite and on PostgreSQL, with a worker process that renders."""

from __future__ import annotations

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.service.conftest import LOCAL, Person, wav_bytes

from sayso.audio import Chapter, Picture, Tags, read, read_tags, write
from sayso.cli import main
from sayso.service import create_app
from sayso.studio import Studio

STEMS = ["vocals", "drums", "bass", "other"]
MAKERS = {"vocals": "simple", "drums": "simple", "bass": "simple", "other": "the rest"}


@pytest.fixture
def session(person):
    return person.open()


def test_words_become_sound(person, session, tmp_path):
    answer = person.say(session, "remove the vocals and turn the drums up")
    assert answer["reply"] == "Taking the vocals out and turning the drums up by 4 dB."
    assert [move["do"] for move in answer["moves"]] == ["remove", "adjust"]
    assert answer["desk"]["strips"]["vocals"]["mute"]
    assert (answer["can_undo"], answer["interpreter"]) == (True, "offline")
    track = person.wait(answer["render"])["tracks"][0]
    assert (track["target"], track["frames"], track["duration_s"]) == ("mix", 22_050, 1.0)
    # What the other two doors give for the same words, to the bit.
    sound = person.ask("GET", track["url"]).content
    song = tmp_path / "song.wav"
    song.write_bytes(wav_bytes())
    own = Studio("simple").open(song)
    own.say("remove the vocals and turn the drums up")
    assert sound == own.render().write(tmp_path)["mix"].read_bytes()
    words = ["ask", str(song), "remove the vocals and turn the drums up", "-n", "simple"]
    assert main([*words, "--no-cache", "-o", str(tmp_path / "cli")]) == 0
    assert sound == (tmp_path / "cli" / "song" / "mix.wav").read_bytes()


def test_formats_ranges_and_zip(person, session, tmp_path):
    render = person.wait(person.say(session, "give me the vocals and the drums")["render"])
    assert [track["target"] for track in render["tracks"]] == ["vocals", "drums"]
    url = render["tracks"][1]["url"]
    whole = person.ask("GET", url, params={"format": "flac"})
    assert whole.headers["content-type"] == "audio/flac"
    assert 'filename="song%20-%20drums.flac"' in whole.headers["content-disposition"].replace(
        "*=utf-8''song%20-%20drums.flac", '="song%20-%20drums.flac"'
    )
    part = person.client.get(url, params={"format": "flac"}, headers={"range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == whole.content[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    beyond = person.client.get(url, headers={"range": "bytes=99999999-"})
    assert beyond.status_code == 416
    packed = person.ask("GET", render["archive_url"], params={"format": "mp3"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["song/vocals.mp3", "song/drums.mp3"]
        archive.extractall(tmp_path)
    assert read(tmp_path / "song" / "drums.mp3").channels == 2
    refused = person.ask("GET", url, params={"format": "mp3", "encoding": "pcm16"}, status=422)
    assert "expected lossy, or a bit rate" in refused["detail"]
    person.ask("GET", url, params={"format": "exe"}, status=422)
    person.ask("GET", url.replace("/tracks/1", "/tracks/2"), status=404)


def test_downloads_say_what_the_recording_said(person, tmp_path, tone):
    cover = Picture(b"\x89PNG\r\n\x1a\n" + bytes(50), "image/png")
    chapters = (Chapter(0.0, 0.5, "one"), Chapter(0.5, 1.0, "two"))
    tags = Tags({"title": ("A song",), "artist": ("Somebody",)}, (cover,), chapters)
    song = write(tmp_path / "song.flac", tone(1.0, level=0.1), tags=tags)
    session = person.open("song.flac", song.read_bytes())
    assert "2 chapters were left out" in str(session["source"]["notes"])
    render = person.wait(person.say(session, "remove the vocals")["render"])
    for suffix in ("m4a", "mp3", "flac", "wav"):
        sent = person.ask("GET", render["tracks"][0]["url"], params={"format": suffix})
        path = tmp_path / f"got.{suffix}"
        path.write_bytes(sent.content)
        found = read_tags(path)
        assert (found.fields, found.pictures[0].data) == (tags.fields, cover.data)


def test_stems_and_outlines_for_a_player(person, session, tmp_path):
    url = f"/sessions/{session['id']}/renders"
    asked = person.ask("POST", url, json={"targets": STEMS}, status=202)
    stems = person.wait(asked)["tracks"]
    assert [track["target"] for track in stems] == STEMS
    assert {track["target"]: track["made_by"] for track in stems} == MAKERS
    kept = []
    for number, url in enumerate([session["source"]["url"], *(track["url"] for track in stems)]):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(person.ask("GET", url, params={"encoding": "float32"}).content)
        kept.append(read(path).samples)
    # The stems of this separator make up the recording.
    assert np.abs(kept[0] - sum(kept[1:])).max() < 1e-5
    outline = person.ask("GET", stems[0]["peaks_url"], params={"buckets": 7})
    assert np.array(outline["peaks"]).shape == (2, 7, 2)
    low, high = np.array(outline["peaks"])[0, :, 0].min(), np.array(outline["peaks"])[0].max()
    assert (low, high) == pytest.approx((kept[1][0].min(), kept[1][0].max()), abs=1e-4)
    # Closer, a part of it has as many stretches.
    part = {"buckets": 5, "start": 100, "stop": 150}
    near = person.ask("GET", stems[0]["peaks_url"], params=part)
    assert near["frames"] == 50
    expected = kept[1][0, 100:150].reshape(5, 10)
    assert np.array(near["peaks"])[0, :, 1] == pytest.approx(expected.max(1), abs=1e-4)
    beyond = {"buckets": 5, "start": 100, "stop": 99_999}
    refused = person.ask("GET", stems[0]["peaks_url"], params=beyond, status=422)
    assert "within 0 to 22050" in refused["detail"]
    source = person.ask("GET", session["source"]["peaks_url"], params={"buckets": 7})
    assert source["frames"] == 22_050
    again = person.ask("POST", f"/sessions/{session['id']}/renders", json={"targets": STEMS},
                       status=202)  # fmt: skip
    assert (again["id"], again["state"]) == (asked["id"], "done")


def test_hands_and_words_change_one_desk(person, session):
    by_hand = person.patch(session, strips={"drums": {"gain_db": 3}})
    assert by_hand["reply"] == "Setting the drums to 3 dB."
    assert by_hand["render"] is None
    by_words = person.say(session, "a bit louder", render=False)
    assert by_words["desk"]["strips"]["drums"]["gain_db"] == 5
    reverb = {"effect": "reverb", "amount": 0.3}
    person.patch(session, strips={"bass": {"solo": True, "effects": [reverb]}})
    muted = person.patch(session, strips={"drums": {"mute": True}, "bass": None})
    assert muted["desk"]["strips"] == {
        "drums": {"gain_db": 5, "mute": True, "solo": False, "effects": []}
    }
    at = f"/sessions/{session['id']}"
    back = person.ask("POST", f"{at}/undo")
    assert back["desk"]["strips"]["bass"]["effects"] == [reverb | {"span": None}]
    assert back["can_redo"]
    assert person.ask("POST", f"{at}/redo")["desk"] == muted["desk"]
    for _ in range(4):
        person.ask("POST", f"{at}/undo")
    assert "nothing to undo" in person.ask("POST", f"{at}/undo", status=409)["detail"]
    told = person.ask("GET", f"{at}/messages")
    assert [said["text"] for said in told if said["text"]] == ["a bit louder"]
    assert person.ask("GET", f"{at}/messages", params={"after": told[2]["id"]}) == told[3:]
    assert person.ask("GET", f"{at}/desk")["version"] == len(told)
    cut = {"do": "edit", "steps": [{"step": "cut", "start_s": 0, "end_s": 0.5}]}
    edited = person.ask("POST", f"{at}/moves", json={"moves": [cut], "render": True})
    assert person.wait(edited["render"])["tracks"][0]["frames"] == 11_025


def test_a_session_is_given_another_name(person, session):
    at = f"/sessions/{session['id']}"
    named = person.ask("PATCH", at, json={"name": "  Take 2.1: final?  "})
    assert (named["name"], named["version"]) == ("Take 2.1 final", 0)
    assert person.ask("GET", "/sessions")[0]["name"] == "Take 2.1 final"
    source = person.ask("GET", session["source"]["url"])
    assert "Take%202.1%20final.wav" in source.headers["content-disposition"]
    person.ask("PATCH", at, json={"name": ""}, status=422)


def test_another_desk_is_rendered_and_changes_nothing(person, session):
    at = f"/sessions/{session['id']}"
    parts = {name: {} for name in STEMS}
    person.patch(session, strips={"rest": {"mute": True}, **parts}, deliver=["drums"])
    before = person.ask("GET", at)
    assert sorted(before["desk"]["strips"]) == sorted([*STEMS, "rest"])
    # A sound that is given a strip is not said to have changed, and once is enough.
    assert person.ask("GET", f"{at}/messages")[-1]["reply"].startswith("Muting the rest")
    assert person.patch(session, strips=parts)["reply"] == ""
    undone = person.ask("POST", f"{at}/undo")
    assert (undone["desk"]["strips"], undone["can_undo"]) == ({}, False)
    person.ask("POST", f"{at}/redo")
    heard = before["desk"] | {"deliver": ["mix"]}
    render = person.wait(person.ask("POST", f"{at}/renders", json={"desk": heard}, status=202))
    assert [track["target"] for track in render["tracks"]] == ["mix"]
    after = person.ask("GET", at)
    assert (after["desk"], after["can_redo"]) == (before["desk"], False)
    both = {"desk": heard, "targets": ["drums"]}
    refused = person.ask("POST", f"{at}/renders", json=both, status=422)
    assert "expected one of them" in refused["detail"]


def test_what_does_not_fit_is_told_and_changes_nothing(person, session):
    at = f"/sessions/{session['id']}"
    for body, said in (
        ({"strips": {"drums": {"gain_db": 99}}}, "less than or equal to 24"),
        ({"strips": {"kazoo": {"gain_db": 3}}}, "simple cannot hear kazoo"),
        ({"strips": {"drums": {"effects": [{"effect": "reverb", "amount": -0.5}]}}}, "0 to 1"),
        ({"fader": 3}, "Extra inputs"),
    ):
        problem = person.ask("PATCH", f"{at}/desk", json=body, status=422)
        assert said in problem["detail"]
    late = {"step": "keep", "start_s": 5, "end_s": 9}
    body = {"moves": [{"do": "edit", "steps": [late]}], "render": True}
    refused = person.ask("POST", f"{at}/moves", json=body, status=422)
    assert "after the end; there are 1.00 s" in refused["detail"]
    assert person.ask("GET", at)["version"] == 0
    # How long it is without its pauses only rendering finds out.
    body["moves"][0]["steps"] = [{"step": "remove_silence"}, late]
    beyond = person.ask("POST", f"{at}/moves", json=body)
    with pytest.raises(AssertionError, match="failed"):
        person.wait(beyond["render"])
    failed = person.ask("GET", beyond["render"]["url"])
    assert failed["error"]["status"] == 422
    assert person.ask("GET", at)["version"] == 1


def test_the_chat_of_the_published_backend(person, session):
    trumpet = person.say(session, "Can I get a trumpet solo?")
    assert trumpet["moves"][0]["reason"] == "unsupported"
    assert "other" in trumpet["reply"]
    assert trumpet["render"] is None
    assert person.say(session, "isolate the vocals", render=False)["desk"]["deliver"] == ["vocals"]
    other = person.say(session, "Ok give me the other stem", render=False)
    assert other["desk"]["deliver"] == ["no vocals"]
    clock = person.say(session, "What time is it?")
    assert clock["moves"][0]["reason"] == "off_topic"
    pitched = person.say(
        session,
        "Ok, let's go back to editing. Please pitch the vocal up by 4 semitones",
        render=False,
    )
    vocals = pitched["desk"]["strips"]["vocals"]
    (pitched,) = vocals["effects"]
    assert (pitched["effect"], pitched["semitones"], pitched["span"]) == ("pitch", 4, None)
    more = person.say(session, "Make vocals even louder and reduce reverb on drums", render=False)
    assert more["desk"]["strips"]["vocals"]["gain_db"] == 4
    guided = person.say(session, "what can you do?")
    assert guided["moves"][0]["reason"] == "help"


def test_one_shots(person):
    files = {"file": ("song.wav", wav_bytes())}
    apart = person.ask("POST", "/separate", files=files, data={"two_stems": "voice"}, status=202)
    tracks = person.wait(apart["answer"]["render"])["tracks"]
    assert [track["target"] for track in tracks] == ["vocals", "no vocals"]
    asked = person.ask("POST", "/ask", files=files, data={"text": "mute the bass"}, status=202)
    assert asked["session"]["desk"]["strips"]["bass"]["mute"]
    assert person.wait(asked["answer"]["render"])["state"] == "done"


def test_no_change_is_lost_to_another(person, session):
    def turn(number):
        target = STEMS[number % 4]
        return person.patch(session, strips={target: {"gain_db": number + 1}})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(turn, range(12)))
    state = person.ask("GET", f"/sessions/{session['id']}")
    assert state["version"] == 12
    for _ in range(12):
        desk = person.ask("POST", f"/sessions/{session['id']}/undo")["desk"]
    assert desk["strips"] == {}


def test_a_session_is_followed_by_all_who_look(person, session):
    at = f"/sessions/{session['id']}"

    def follow(_):
        return person.ask("GET", f"{at}/events").text

    # The test client hands a stream over when it has ended: here, with the session.
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(follow, range(2))
        try:
            time.sleep(1.0)
            render = person.patch(session, strips={"drums": {"gain_db": -3}}, render=True)["render"]
            person.wait(render)
            time.sleep(1.0)
        finally:
            person.ask("DELETE", at, status=204)
        one, two = both
    for text in (one, two):
        assert text.startswith("event: desk")
        assert text.count("event: desk") == 2
        assert '"gain_db":-3.0' in text.replace(" ", "")
        assert '"state":"done"' in text.replace(" ", "")


def test_processes_share_sessions_and_renders(person, session, settings):
    with TestClient(create_app(settings), base_url=LOCAL) as client:
        other = Person(client)
        answer = other.say(session, "mute the bass")
        assert person.wait(answer["render"])["state"] == "done"
        assert person.ask("GET", f"/sessions/{session['id']}")["version"] == 1
        person.ask("DELETE", f"/sessions/{session['id']}", status=204)
        other.ask("GET", answer["render"]["url"], status=404)


def test_deleting_leaves_nothing(person, session, settings):
    render = person.wait(person.say(session, "mute the bass")["render"])
    folder = settings.folder / "sessions" / session["id"]
    assert (folder / "renders" / render["id"] / "0.wav").exists()
    person.ask("DELETE", f"/sessions/{session['id']}", status=204)
    assert not folder.exists()
    person.ask("GET", f"/sessions/{session['id']}", status=404)
    assert person.ask("GET", "/health")["status"] == "ok"


def test_a_waiting_render_can_be_cancelled(person, session):
    first = person.say(session, "make it slower")["render"]
    second = person.say(session, "mute the bass")["render"]
    cancelled = person.ask("POST", f"{second['url']}/cancel")
    assert cancelled["state"] in ("cancelled", "done")
    person.wait(first)
    # Asked for again, it is made.
    again = person.ask("POST", f"/sessions/{session['id']}/renders", json={}, status=202)
    person.wait(again)


@pytest.mark.parametrize("order", ["touched", "created"])
def test_lists_come_in_pages(make, order):
    person = Person(make())
    mine = [person.open(f"{name}.wav", wav_bytes(0.1))["id"] for name in "abcde"]
    seen, url = [], f"/sessions?limit=2&order={order}"
    while url:
        response = person.client.get(url)
        seen += [session["id"] for session in response.json()]
        url = response.links.get("next", {}).get("url")
        if len(seen) == 2:  # what comes meanwhile moves nothing
            person.open("new.wav", wav_bytes(0.1))
        if len(seen) == 4:  # and neither does what goes, even if the page ended with it
            person.ask("DELETE", f"/sessions/{seen[-1]}", status=204)
    assert seen == mine[::-1]
    assert person.client.get("/sessions?after=%00").status_code == 422
    assert "link" not in person.client.get("/sessions").headers


def test_messages_come_in_pages(make):
    person = Person(make())
    session = person.open(data=wav_bytes(0.1))
    for db in range(1, 6):
        person.patch(session, strips={"bass": {"gain_db": db}})
    seen, url = [], f"/sessions/{session['id']}/messages?limit=2"
    while url:
        response = person.client.get(url)
        assert len(response.json()) <= 2
        seen += [said["desk"]["strips"]["bass"]["gain_db"] for said in response.json()]
        url = response.links.get("next", {}).get("url")
    assert seen == [1, 2, 3, 4, 5]


def test_files_come_as_they_are_wanted(person, session, tmp_path):
    render = person.wait(person.say(session, "mute the bass")["render"])
    url = render["tracks"][0]["url"]

    def fetch(query="", **headers):
        response = person.client.get(url + query, headers=headers)
        assert response.status_code == 200, response.text
        path = tmp_path / "track"
        path.write_bytes(response.content)
        assert len(read(path).samples[0]) > 0
        return response

    small, large = fetch("?format=opus&bitrate=32"), fetch("?format=opus&bitrate=256")
    assert len(small.content) < len(large.content) / 3
    part = person.client.get(f"{url}?format=opus&bitrate=32", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, small.content[100:200])
    for accept, media_type, start in (
        ("audio/flac", "audio/flac", b"fLaC"),
        ("audio/ogg; codecs=opus, audio/flac;q=0.9", "audio/ogg", b"OggS"),
        ("text/html, audio/mpeg;q=0.2, audio/flac;q=0.8", "audio/flac", b"fLaC"),
        ("*/*", "audio/wav", b"RIFF"),
    ):
        got = fetch(accept=accept)
        assert (got.headers["content-type"], got.content[:4]) == (media_type, start)
        assert "Accept" in got.headers["vary"]
    assert fetch("?format=flac", accept="audio/mpeg").content[:4] == b"fLaC"
    for query, said in (
        ("?format=flac&bitrate=96", "flac cannot hold 96k"),
        ("?format=mp3&bitrate=512", "320k"),
        ("?bitrate=7&format=opus", "bitrate"),
        ("?format=wav&encoding=pcm16&bitrate=96", "expected one of them"),
    ):
        assert said in person.ask("GET", url + query, status=422)["detail"]


def test_a_track_is_kept_in_a_few_formats_only(person, session, settings):
    render = person.wait(person.say(session, "mute the bass")["render"])
    folder = settings.folder / "sessions" / session["id"] / "renders" / render["id"]
    for bitrate in range(32, 48):
        url = f"{render['tracks'][0]['url']}?format=opus&bitrate={bitrate}"
        assert person.client.get(url).status_code == 200
        url = f"{render['archive_url']}?format=opus&bitrate={bitrate}"
        assert person.client.get(url).status_code == 200
    assert (folder / "0.wav").exists() and (folder / "0-47k.opus").exists()
    assert len(list(folder.glob("*.opus"))) == len(list(folder.glob("*.zip"))) == 6
