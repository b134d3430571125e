"""What an attacker, a careless client and a full disk must not be able to do."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import stat
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException
from tests.service.conftest import LOCAL, Person, wav_bytes
from tests.service.test_access import person_of
from tests.service.test_process import served

from sayso.desk import Desk, Loop, RemoveSilence
from sayso.errors import RangeError
from sayso.rendering import render
from sayso.service.connections import bounded, most_connections
from sayso.service.decoding import decode
from sayso.service.logs import Repeated
from sayso.service.middleware import _bounded
from sayso.service.uploads import IDLE_S

LENGTH = [(b"content-length", b"4")]
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def closed(make):
    """A service that asks for tokens."""
    return make(tokens=True)


def upload(person, data, *, name="song.wav"):
    """A whole upload in pieces; its address."""
    headers = {**TUS, "Upload-Length": str(len(data))}
    begun = person.client.post("/uploads", headers={**person.headers, **headers})
    assert begun.status_code == 201, begun.text
    at = begun.headers["location"]
    if data:
        kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        sent = person.client.patch(at, content=data, headers={**person.headers, **TUS, **kind})
        assert sent.status_code == 204, sent.text
    return at


# Before the token


@pytest.mark.parametrize("url", ["/sessions", "/ask", "/separate", "/uploads/" + "0" * 32])
def test_no_byte_of_a_body_is_read_before_the_token(closed, url):
    read = []

    def body():
        for number in range(64):
            read.append(number)
            yield bytes(1 << 16)

    kind = {"content-type": "multipart/form-data; boundary=x", **TUS}
    method = "PATCH" if url.startswith("/uploads") else "POST"
    seen = []

    class Watched:
        """The application, and how much of the body it asked for."""

        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            async def counted():
                message = await receive()
                seen.append(len(message.get("body", b"")))
                return message

            await self.app(scope, counted, send)

    closed.app = Watched(closed.app)
    closed._transport.app = closed.app
    response = closed.request(method, url, content=body(), headers=kind)
    assert response.status_code == 401
    assert sum(seen) == 0


def test_any_word_may_be_a_method_but_not_a_label(make):
    client = make()
    for number in range(50):
        client.request(f"BREW{number}", "/sessions")
    told = client.get("/metrics").text
    assert "BREW" not in told
    assert 'method="other"' in told


def test_wrong_tokens_do_not_lock_the_right_one_out(make):
    client = make(tokens=True, limits={"guesses_a_minute": 5})
    anna, _, secret = person_of(client)
    answers = [client.post("/login", json={"token": f"sayso_{n}"}).status_code for n in range(8)]
    assert answers[:5] == [401] * 5
    assert answers[-1] == 429
    assert client.post("/login", json={"token": secret}).status_code == 204
    assert anna.ask("GET", "/sessions") == []
    client.cookies.clear()
    guess = {"authorization": "Bearer sayso_guess"}
    assert client.get("/sessions", headers=guess).status_code == 429


# Connections


@pytest.fixture
def listening():
    """A bare server of our kind of connection, at most 8 of them, silent for half a second."""

    async def app(scope, receive, send):
        more = True
        while more:
            more = (await receive()).get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": LENGTH})
        await send({"type": "http.response.body", "body": b"here"})

    config = uvicorn.Config(app, http=bounded(8, headers_s=0.5), lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()
    server.should_exit = True
    thread.join(10)
    listener.close()


def connected(address):
    made = socket.create_connection(address, timeout=5)
    made.settimeout(5)
    return made


def answered(connection):
    said = b""
    while not said.endswith(b"here") and (more := connection.recv(4096)):
        said += more
    return said


def asked(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return answered(connection)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
def test_a_silent_connection_is_closed(listening, begun):
    with connected(listening) as silent:
        silent.sendall(begun)
        at = time.monotonic()
        assert silent.recv(100) == b""
        assert 0.3 < time.monotonic() - at < 3


def test_a_silent_second_request_is_closed_and_a_slow_client_is_not(listening):
    with connected(listening) as person:
        for _ in range(3):
            assert b"200" in asked(person)
            time.sleep(0.2)
        person.sendall(b"GET / H")
        assert person.recv(100) == b""
    with connected(listening) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        for byte in b"slow":
            time.sleep(0.3)
            slow.sendall(bytes([byte]))
        assert b"200" in answered(slow)


def test_too_many_connections_leave_the_others_alone(listening):
    silent = [connected(listening) for _ in range(30)]
    time.sleep(0.8)
    try:
        with connected(listening) as person:
            assert b"here" in asked(person)
    finally:
        for connection in silent:
            connection.close()


def test_descriptors_are_left_for_files():
    assert 8 <= most_connections() < resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_three_hundred_silent_sockets_do_not_stop_a_service_with_few_descriptors(tmp_path):
    environment = {**os.environ, "SAYSO_DATA": str(tmp_path / "data")}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = {path: path.stat().st_mode for path in tmp_path.iterdir()}
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    try:
        with served(environment, "--workers", "0") as (process, person):
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (256, 256))
            address = (person.client.base_url.host, person.client.base_url.port)
            silent = [connected(address) for _ in range(300)]
            try:
                time.sleep(1.0)
                assert person.ask("GET", "/health")["status"] == "ok"
            finally:
                for connection in silent:
                    connection.close()
            assert person.ask("GET", "/health")["status"] == "ok"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for path in (tmp_path / "data").rglob("*"):
        if path not in before:
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_body_that_stops_coming_ends_its_request():
    async def never():
        await asyncio.sleep(30)

    with pytest.raises(HTTPException, match="nothing more came"):
        asyncio.run(_bounded(never, 100, 0.1)())


def test_the_same_warning_is_not_logged_for_ever():
    only = Repeated(most=3)
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "accept failed", None, None)
    assert [only.filter(record) for _ in range(10)] == [True] * 4 + [False] * 6
    other = logging.LogRecord("x", logging.ERROR, "x.py", 2, "something else", None, None)
    assert only.filter(other)
    for event in ("a", "b"):
        told = [
            only.filter(logging.LogRecord("s", 30, "s.py", 1, {"event": event}, None, None))
            for _ in range(6)
        ]
        assert told == [True] * 4 + [False] * 2


def test_a_body_with_two_lengths_smuggles_no_second_request(make):
    client = make()
    both = {"content-length": "4", "transfer-encoding": "chunked"}
    refused = client.post("/sessions/demo", content=b"0\r\n\r\n", headers=both)
    assert refused.status_code == 400 and "not both" in refused.json()["detail"]
    assert refused.headers["connection"] == "close"


def test_one_token_does_not_follow_everything(make):
    anna, token, _ = person_of(make(tokens=True, limits={"streams": 2}))
    session, counts = anna.open(), []

    class Noted(Counter):
        def __setitem__(self, key, value):
            super().__setitem__(key, value)
            counts.append(value)

    anna.client.app.state.streams = streams = Noted()
    streams[token.id] = 2  # a client of the tests would wait for a stream's end
    url = f"/sessions/{session['id']}/events"
    assert "end one first" in anna.ask("GET", url, status=429)["detail"]
    streams[token.id] = 0
    ended = anna.ask("POST", f"/sessions/{session['id']}/renders", json={}, status=202)
    anna.ask("POST", f"{ended['url']}/cancel")
    anna.ask("GET", ended["events_url"])
    assert counts == [2, 0, 1, 0]


@pytest.mark.parametrize("url", ["/sessions", "/separate", "/ask", "{}/cuts/import"])
def test_no_file_of_several_is_dropped_without_a_word(make, url):
    someone = Person(make())
    at = f"/sessions/{someone.open()['id']}"
    both = [("file", (name, wav_bytes())) for name in ("one.wav", "two.wav")]
    data = {"text": "mute the drums"}
    told = someone.ask("POST", url.format(at), status=409, files=both, data=data)
    assert "2 files came; expected one" in told["detail"]
    assert len(someone.ask("GET", "/sessions")) == 1


# Revoked tokens, poisoned text


def test_a_stream_of_events_ends_with_its_token(closed):
    from sayso.service import access

    anna, token, _ = person_of(closed)
    session = anna.open()
    store = closed.app.state.service.store
    assert session["id"] in store.glance([session["id"]])
    access.revoke_token(store.engine, token.id)
    assert store.glance([session["id"]]) == {}


@pytest.mark.parametrize("text", ["\\ud800", "a\\u0000b"])
def test_text_that_cannot_be_kept_is_refused_and_poisons_nothing(person, text):
    session = person.open()
    at = f"/sessions/{session['id']}"
    kind = {"content-type": "application/json"}
    for url, body in (
        (f"{at}/moves", f'{{"moves": [{{"do": "reply", "reason": "help", "text": "{text}"}}]}}'),
        (f"{at}/moves", f'{{"moves": [{{"do": "remove", "targets": ["{text}"]}}]}}'),
        (f"{at}/messages", f'{{"text": "mute the {text}"}}'),
    ):
        refused = person.client.post(url, content=body.encode(), headers=kind)
        assert refused.status_code in (409, 422), (url, refused.text)
        assert "character" in refused.json()["detail"]
    assert person.ask("GET", at)["desk"]["strips"] == {}
    person.ask("GET", f"{at}/messages")


# Uploads


def test_a_finished_upload_survives_what_passes(make, tmp_path):
    client = make(limits={"sessions": 1})
    person = Person(client)
    first = person.open()
    at = upload(person, wav_bytes())
    person.ask("POST", f"{at}/session", status=429)
    assert client.head(at, headers=TUS).headers["upload-offset"] == str(len(wav_bytes()))
    person.ask("DELETE", f"/sessions/{first['id']}", status=204)
    person.ask("POST", f"{at}/session", status=201)
    assert client.head(at, headers=TUS).status_code == 404
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_upload_on_a_full_disk_is_kept_and_one_that_is_no_sound_is_not(make, monkeypatch):
    person = Person(make())
    at = upload(person, wav_bytes())

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("sayso.service.service.decode", full)
        person.ask("POST", f"{at}/session", status=507)
    person.ask("POST", f"{at}/session", status=201)
    noise = upload(person, b"this is no sound")
    person.ask("POST", f"{noise}/session", status=422)
    assert person.client.head(noise, headers=TUS).status_code == 404


def test_four_finishes_at_once_make_one_session(make, monkeypatch):
    person = Person(make())
    at = upload(person, wav_bytes())

    def decode_slowly(*arguments):
        time.sleep(0.5)
        return decode(*arguments)

    monkeypatch.setattr("sayso.service.service.decode", decode_slowly)
    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(person.client.post, f"{at}/session") for _ in range(4)]
        statuses = sorted(end.result().status_code for end in ends)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {404, 409}
    assert len(person.ask("GET", "/sessions")) == 1


def test_abandoned_uploads_make_room_but_busy_ones_do_not(make, tmp_path):
    person = Person(make(limits={"uploads": 3}))
    begun = [upload(person, wav_bytes(), name=f"{n}.wav") for n in range(3)]
    headers = {**TUS, "Upload-Length": "10"}
    assert person.client.post("/uploads", headers=headers).status_code == 429
    old = tmp_path / "uploads" / begun[1].rpartition("/")[2]
    then = time.time() - IDLE_S - 5
    os.utime(old, (then, then))
    assert person.client.post("/uploads", headers=headers).status_code == 201
    kept = [person.client.head(at, headers=TUS).status_code for at in begun]
    assert kept == [200, 404, 200]


# Large histories


def test_listing_sessions_does_not_load_their_histories(person):
    session = person.open()
    person.say(session, "mute the drums", render=False)
    import sqlalchemy as sa

    store = person.client.app.state.service.store
    asked = []

    def note(connection, cursor, statement, *_):
        asked.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    try:
        found = person.ask("GET", "/sessions")
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", note)
    assert session["id"] in [one["id"] for one in found]
    assert asked
    assert not any("history" in statement for statement in asked)


# A full disk


def test_a_full_disk_can_be_relieved(tmp_path):
    from sayso.service import Limits, Settings, create_app

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], check=False)
    if mounted.returncode:
        pytest.skip("only root can make a disk to fill")
    try:
        settings = Settings(folder=disk / "data", model="simple", limits=Limits())
        app = create_app(settings)
        with TestClient(app, base_url=LOCAL, raise_server_exceptions=False) as client:
            person = Person(client)
            session = person.open()
            with (disk / "ballast").open("wb", buffering=0) as out, suppress(OSError):
                while True:
                    out.write(b"x" * 512)
            words = {"json": {"text": "mute the drums and the bass. " * 600, "render": False}}
            person.ask("POST", f"/sessions/{session['id']}/messages", status=507, **words)
            person.ask("DELETE", f"/sessions/{session['id']}", status=204)
            assert person.ask("GET", "/sessions") == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


# Room on the disk


def test_a_token_fills_no_more_than_its_share(make, tmp_path):
    size = len(wav_bytes()) * 2  # float32
    client = make(tokens=True, limits={"bytes_a_token": round(2.5 * size)})
    (anna, _, _), (ben, _, _) = person_of(client), person_of(client, "ben")
    first, _ = anna.open(name="first.wav"), anna.open(name="second.wav")
    used = anna.ask("GET", "/usage")
    assert used["bytes"] == pytest.approx(2 * size, rel=0.05)
    assert used["most_bytes"] == round(2.5 * size)
    # What is left is too little for a third: refused before it is decoded to its end.
    refused = anna.open(name="third.wav", status=422)
    assert "more than" in refused["detail"]
    ben.open()
    (tmp_path / "sessions" / first["id"] / "render").write_bytes(bytes(size))
    client.app.state.service.quotas.forget(None)
    client.app.state.service.quotas._seen.clear()
    told = anna.open(name="third.wav", status=429)["detail"]
    assert "delete one of them first, the largest are 'first'" in told
    told = anna.ask("POST", f"/sessions/{first['id']}/renders", json={}, status=429)["detail"]
    assert "your sessions take" in told
    anna.ask("DELETE", f"/sessions/{first['id']}", status=204)
    anna.open(name="third.wav")


def test_all_together_fill_no_more_than_the_disk_has_for_them(make):
    size = len(wav_bytes()) * 2
    client = make(tokens=True, limits={"bytes_of_all": size // 2})
    anna, _, _ = person_of(client)
    assert anna.open(status=422)
    assert anna.ask("GET", "/usage")["bytes"] == 0


# How long and how large


def looped(times):
    steps = [{"step": "loop", "times": times}]
    return {"moves": [{"do": "edit", "steps": steps}], "render": True}


def test_a_render_lasts_no_longer_than_it_may(make):
    someone = Person(make(limits={"rendered_s": 60}))
    session = someone.open()
    url = f"/sessions/{session['id']}/moves"
    told = someone.ask("POST", url, json=looped(61), status=422)
    assert "expected at most 0.0166667" in told["detail"] and "Loop less" in told["detail"]
    assert not someone.ask("GET", f"/sessions/{session['id']}")["renders"]
    assert someone.ask("POST", url, json=looped(59))["render"]["state"] == "queued"


def test_what_depends_on_the_sound_is_held_to_the_same_length(tmp_path):
    sound = tmp_path / "a.wav"
    sound.write_bytes(wav_bytes())
    desk = Desk(edits=(RemoveSilence(), Loop(times=100)))
    with pytest.raises(RangeError, match="expected at most"):
        render(sound, desk, longest_s=50.0)


def test_a_render_that_would_not_fit_is_refused_before_it_begins(make):
    someone = Person(make(limits={"bytes_a_token": 4 << 20}))
    session = someone.open()
    told = someone.ask("POST", f"/sessions/{session['id']}/moves", json=looped(100), status=429)
    assert "bytes of the" in told["detail"] and "loop less" in told["detail"]
