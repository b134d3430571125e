"""Uploads in pieces, by tus: what is interrupted goes on where it was, and is nobody else's."""

from __future__ import annotations

import os
import socket
import threading
import time
from base64 import b64encode

import pytest
import uvicorn
from tests.service.conftest import Person, wav_bytes
from tests.service.test_access import person_of

from sayso.service.sweeping import sweep

TUS = {"tus-resumable": "1.0.0"}
SONG = wav_bytes(2.0)
SIZE, HALF = len(SONG), len(SONG) // 2


class Sender:
    """Somebody who sends a recording in pieces."""

    def __init__(self, person, name="my song.wav", size=SIZE, *, status=201):
        self.person = person
        metadata = f"filename {b64encode(name.encode()).decode()},filetype YXVkaW8vd2F2"
        headers = {"upload-length": str(size), "upload-metadata": metadata}
        self.begun = self.ask("POST", "/uploads", status=status, **headers)
        self.url = self.begun.headers["location"] if status == 201 else None

    def ask(self, method, url, *, status=204, content=None, **headers):
        given = {**TUS, **self.person.headers, **headers}
        response = self.person.client.request(method, url, content=content, headers=given)
        assert response.status_code == status, response.text
        return response

    def add(self, piece, offset, *, status=204, kind="application/offset+octet-stream"):
        headers = {"content-type": kind, "upload-offset": str(offset)}
        return self.ask("PATCH", self.url, status=status, content=piece, **headers)

    def here(self):
        return int(self.ask("HEAD", self.url, status=200).headers["upload-offset"])


@pytest.fixture
def client(make):
    return make(limits={"upload_bytes": 1 << 20, "uploads": 2})


def test_pieces_make_a_session(person):
    sender = Sender(person, "v1.2 (live).wav")
    assert sender.add(SONG[:HALF], 0).headers["upload-offset"] == str(HALF)
    seen = sender.ask("HEAD", sender.url, status=200).headers
    assert (seen["upload-offset"], seen["upload-length"]) == (str(HALF), str(len(SONG)))
    assert (seen["cache-control"], seen["tus-resumable"]) == ("no-store", "1.0.0")
    early = person.ask("POST", f"{sender.url}/session", status=409)
    assert f"{HALF:,} of {len(SONG):,} bytes are here" in early["detail"]
    sender.add(SONG[HALF:], HALF)
    session = person.ask("POST", f"{sender.url}/session", status=201)
    assert session["name"] == "v1.2 (live)"
    whole = person.open(data=SONG)
    one, other = (person.ask("GET", f"{s['source']['url']}").content for s in (session, whole))
    assert one == other
    person.ask("POST", f"{sender.url}/session", status=404)


def test_an_interrupted_piece_is_kept_up_to_there(client):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(client.app, port=port, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        sender = Sender(Person(client))
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.02)
        with socket.create_connection(("127.0.0.1", port)) as line:
            head = (
                f"PATCH {sender.url} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTus-Resumable: 1.0.0\r\n"
                "Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
                f"Content-Length: {len(SONG)}\r\n\r\n"
            )
            line.sendall(head.encode() + SONG[:HALF])
        while sender.here() < HALF:
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        server.should_exit = True
        thread.join()
    sender.add(SONG[HALF:], HALF)
    opened = Person(client).ask("POST", f"{sender.url}/session", status=201)
    assert opened["source"]["duration_s"] == 2.0


def test_what_does_not_fit_is_refused_and_changes_nothing(client):
    sender = Sender(Person(client))
    sender.add(SONG[:HALF], 0)
    told = sender.add(SONG[HALF:], HALF - 1, status=409).json()["detail"]
    assert told.startswith(f"{HALF} bytes are here")
    assert "more came than" in sender.add(SONG, HALF, status=413).json()["detail"]
    sender.add(SONG[HALF:], HALF, status=415, kind="application/json")
    assert sender.here() == HALF
    assert client.head(sender.url).status_code == 412
    assert client.post("/uploads", headers={"upload-length": "5"}).status_code == 412
    assert client.post("/uploads", headers=TUS).status_code == 422
    Sender(Person(client), size=(1 << 20) + 1, status=413)
    Sender(Person(client))
    assert "2 uploads already" in Sender(Person(client), status=429).begun.json()["detail"]
    sender.ask("DELETE", sender.url)
    sender.ask("HEAD", sender.url, status=404)
    assert Sender(Person(client)).here() == 0
    offered = client.options("/uploads")
    assert offered.status_code == 204
    assert offered.headers["tus-max-size"] == str(1 << 20)


def test_pieces_that_are_no_sound_are_refused_and_gone(client, tmp_path):
    sender = Sender(Person(client), size=4)
    sender.add(b"PK\x03\x04", 0)
    Person(client).ask("POST", f"{sender.url}/session", status=422)
    sender.ask("HEAD", sender.url, status=404)
    assert list((tmp_path / "uploads").iterdir()) == []
    assert list((tmp_path / "sessions").iterdir()) == []


def test_an_upload_is_its_owners_alone(make):
    closed = make(tokens=True)
    (anna, *_), (ben, *_) = person_of(closed), person_of(closed, "ben")
    sender = Sender(anna)
    for method, url, headers in (
        ("HEAD", sender.url, {}),
        ("PATCH", sender.url, {"upload-offset": "0"}),
        ("DELETE", sender.url, {}),
        ("POST", f"{sender.url}/session", {}),
    ):
        for who, status in ((ben.headers, 404), ({}, 401)):
            given = {"content-type": "application/offset+octet-stream", **TUS, **headers, **who}
            response = closed.request(method, url, headers=given, content=b"x")
            assert response.status_code == status, (method, url)
    assert sender.here() == 0


def test_uploads_that_were_given_up_are_swept(client, tmp_path):
    left, fresh = Sender(Person(client)), Sender(Person(client))
    for sender in (left, fresh):
        sender.add(SONG[:HALF], 0)
    os.utime(tmp_path / left.url[1:], (0, 0))
    sweep(client.app.state.service)
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [fresh.url[9:]]
    assert fresh.here() == HALF
    assert left.here() == 0  # it may begin again for as long as a new one could
