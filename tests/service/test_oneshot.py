"""A recording and words in, the sound out, in one request: waited for, repeated, given up."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
from tests.service.conftest import wav_bytes

from sayso.audio import read


def ask(person, text, query="", *, url="/ask", key=None, data=None, **fields):
    files = {"file": ("song.wav", wav_bytes() if data is None else data)}
    headers = {**person.headers, **({"idempotency-key": key} if key else {})}
    form = {"text": text} if text is not None else fields
    return person.client.post(url + query, files=files, data=form, headers=headers)


def test_the_file_comes_in_one_request(person, tmp_path):
    answer = ask(person, "mute the bass", "?wait=300&format=flac")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/flac")
    assert unquote(answer.headers["sayso-reply"]) == "Taking the bass out."
    (tmp_path / "out.flac").write_bytes(answer.content)
    assert read(tmp_path / "out.flac").frames == 22_050
    session = person.ask("GET", answer.headers["location"])
    assert session["desk"]["strips"]["bass"]["mute"]


def test_several_tracks_come_as_a_zip(person):
    answer = ask(person, None, "?wait=300", url="/separate", two_stems="vocals")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["song/vocals.wav", "song/no_vocals.wav"]


def test_what_takes_longer_says_where_to_look(make):
    from tests.service.conftest import Person

    person = Person(make())  # without a worker
    answer = ask(person, "mute the bass", "?wait=0.3")
    assert answer.status_code == 202
    assert int(answer.headers["retry-after"]) > 0
    render = answer.json()["answer"]["render"]
    assert person.ask("GET", render["url"])["state"] == "queued"


def test_words_without_a_sound_are_told_and_the_recording_is_kept(person):
    answer = ask(person, "what is the weather like", "?wait=300")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    session = person.ask("GET", answer.headers["location"])
    assert session["id"] in answer.json()["detail"]
    assert person.say(session, "mute the bass")["render"]


@pytest.mark.parametrize("query", ["", "?wait=300"])
def test_the_same_request_is_carried_out_once(person, query):
    before = len(person.ask("GET", "/sessions"))
    with ThreadPoolExecutor(3) as pool:
        same = [
            pool.submit(ask, person, "bass up by 3 dB", query, key=f"same{query}{before}")
            for _ in range(3)
        ]
        answers = [one.result() for one in same]
    assert {answer.status_code for answer in answers} == {200 if query else 202}
    places = {answer.headers["location"] for answer in answers}
    assert len(places) == 1 and len(person.ask("GET", "/sessions")) == before + 1
    said = person.ask("GET", f"{places.pop()}/messages")
    assert [one["desk"]["strips"]["bass"]["gain_db"] for one in said] == [3]
    other = ask(person, "bass up by 6 dB", query, key=f"same{query}{before}")
    assert other.status_code == 409 and "another request" in other.json()["detail"]
    # A key is the word of one request, not of everybody's.
    assert ask(person, "bass up by 6 dB", query, key="other").status_code != 409


def test_what_is_wrong_is_told_before_the_wait(person):
    for query, status in (("?wait=-1", 422), ("?wait=1000", 422), ("?format=exe", 422)):
        assert ask(person, "mute the bass", query).status_code == status
    assert ask(person, "mute the bass", "?wait=300", data=b"no sound").status_code in (415, 422)
    assert ask(person, "x", "?wait=9&format=flac&bitrate=96").status_code == 422
