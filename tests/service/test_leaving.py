"""Work ends with the client that it is for: hearing, converting, decoding, asking, rendering."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import time
from functools import partial
from pathlib import Path

import anyio
import numpy as np
import pytest
import soundfile
import uvicorn
from mcp.client import Client
from tests.fake_openai import fake_openai
from tests.service.conftest import LOCAL, Person, wav_bytes

from sayso.errors import Cancelled
from sayso.service import Limits, Settings, create_app
from sayso.service.agents import create_server
from sayso.studio import Session, Studio
from sayso.watch import Watch

RATE, HOUR_S = 44_100, 3600
WITHIN_S = 30
"""A machine may be busy; what is asserted is that work was stopped, not how soon."""


def an_hour(path: Path, seconds: int = HOUR_S) -> Path:
    """Silence as a float32 WAV whose samples take no room on the disk."""
    size = 4 * RATE * seconds
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, RATE, 4 * RATE, 4, 32)
    head = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form
    with path.open("wb") as out:
        out.write(head + struct.pack("<4sI", b"data", size))
        out.truncate(len(head) + 8 + size)
    return path


class Listening:
    """The service behind a real socket, and a session on an hour of sound."""

    def __init__(self, app, port):
        import httpx2

        self.service, self.port = app.state.service, port
        self.person = Person(httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
        self.at = f"/sessions/{self.person.open()['id']}"
        an_hour(self.service.folder(self.at.rpartition("/")[2]) / "source.wav")

    def hang_up(self, method, url, *, body=b"", kind="application/json", after_s=0.3):
        """Asks for something, and leaves before it can be answered."""
        head = f"{method} {url} HTTP/1.1\r\nHost: {LOCAL.rpartition('/')[2]}\r\n"
        if body:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(head.encode() + b"\r\n" + body)
            time.sleep(after_s)

    def stopped(self) -> int:
        """How many requests were stopped."""
        told = self.person.client.get("/metrics").text
        counts = (line for line in told.splitlines() if 'status="499"' in line)
        return sum(int(float(line.rpartition(" ")[2])) for line in counts if "_total" in line)


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    with fake_openai() as fake:
        fake.script[:] = [20.0]
        settings = Settings(
            folder=tmp_path_factory.mktemp("left"),
            model="simple",
            llm=fake.name,
            limits=Limits(requests_a_minute=100_000, seconds=2 * HOUR_S),
        )
        app = create_app(settings)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        found = Listening(app, listener.getsockname()[1])
        try:
            yield found
        finally:
            found.person.client.close()
            server.should_exit = True
            thread.join(60)
            listener.close()


def multipart(name: str, data: bytes) -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n"


def long_flac() -> bytes:
    """An hour that takes seconds to decode and little to send."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8_000 * HOUR_S, np.int16), 8_000, format="FLAC")
    return file.getvalue()


def long_timeline() -> bytes:
    """Gaps enough to take a while to read."""
    zero = {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": 0.0}
    span = {"OTIO_SCHEMA": "TimeRange.1", "duration": {**zero, "value": 2.0}, "start_time": zero}
    gaps = [{"OTIO_SCHEMA": "Gap.1", "source_range": span}] * 9000
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Audio", "children": gaps}
    tracks = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "tracks": tracks}).encode()


SILENCES = b'{"moves": [{"do": "edit", "steps": [{"step": "remove_silence"}]}]}'
FORM = "multipart/form-data; boundary=x"
WORK = {
    "converting": ("GET", "{}/source?format=mp3", {}),
    "an outline": ("GET", "{}/source/peaks?buckets=100", {}),
    "hearing cuts": ("GET", "{}/cuts", {}),
    "exporting them": ("GET", "{}/cuts/export?format=edl", {}),
    "choosing": ("POST", "{}/cuts/choose", {"body": b'{"by": "novelty"}'}),
    "a needless body": ("GET", "{}/source?format=flac", {"body": b"{}"}),
    "decoding": (
        "POST",
        "/sessions",
        {"body": lambda: multipart("a.flac", long_flac()), "kind": FORM},
    ),
    "an edit": (
        "POST",
        "{}/cuts/import",
        {"body": lambda: multipart("a.otio", long_timeline()), "kind": FORM},
    ),
    "a language model": ("POST", "{}/messages", {"body": b'{"text": "mute the drums"}'}),
}


@pytest.mark.parametrize("work", WORK)
def test_work_ends_when_its_client_hangs_up(listening, work):
    method, url, options = WORK[work]
    if "cuts" in url:
        sent = {"content-type": "application/json"}
        listening.person.client.post(f"{listening.at}/moves", content=SILENCES, headers=sent)
    if callable(options.get("body")):
        options = {**options, "body": options["body"]()}
    before, until = listening.stopped(), time.monotonic() + WITHIN_S
    listening.hang_up(method, url.format(listening.at), **options)
    while listening.stopped() == before:
        assert time.monotonic() < until, "the work went on"
        time.sleep(0.2)
    folder = listening.service.folder(listening.at.rpartition("/")[2])
    assert [path.name for path in folder.iterdir()] == ["source.wav"]


def test_an_archive_is_given_up_between_two_pieces(tmp_path):
    from sayso.service.downloads import archive

    kept, polls = an_hour(tmp_path / "0.wav", 60), []
    watch = Watch(cancelled=lambda: polls.append(1) or len(polls) > 3)
    with pytest.raises(Cancelled):
        tracks = [("drums", 0.0, kept)]
        archive(tmp_path, "a", tracks, format="wav", encoding="float32", watch=watch)
    assert len(polls) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["0.wav"]


def test_who_stays_is_answered_and_a_second_request_too(listening):
    got = listening.person.client.get(f"{listening.at}/messages").raise_for_status()
    assert not [said for said in got.json() if said["text"]]  # what nobody waited for
    peaks = {"buckets": 4, "start": 0, "stop": RATE}
    told = listening.person.ask("GET", f"{listening.at}/source/peaks", params=peaks)
    assert len(told["peaks"][0]) == 4


def test_an_agent_that_gives_a_render_up_ends_it(tmp_path, monkeypatch):
    song, ended, really = an_hour(tmp_path / "long.wav", 600), [], Session.render

    def render(self, **options):
        try:
            return really(self, **options)
        except Cancelled:
            ended.append("stopped")
            raise
        finally:
            ended.append("over")

    monkeypatch.setattr(Session, "render", render)

    async def run():
        begun = anyio.Event()

        async def progress(done, total, message):
            begun.set()

        async with Client(create_server(Studio("simple"))) as client:
            await client.call_tool("open", {"path": str(song)})
            await client.call_tool("remove", {"targets": ["vocals"]})
            async with anyio.create_task_group() as group:
                wanted = {"folder": str(tmp_path / "out")}
                call = partial(client.call_tool, "render", wanted, progress_callback=progress)
                group.start_soon(call)
                await begun.wait()
                group.cancel_scope.cancel()
            with anyio.fail_after(WITHIN_S):
                while "over" not in ended:
                    await anyio.sleep(0.05)

    anyio.run(run)
    assert ended == ["stopped", "over"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["", "Idempotency-Key: mine\r\n"])
def test_who_gives_up_waiting_for_a_file_leaves_nothing_unless_it_can_be_asked_for(listening, key):
    sessions = {one["id"] for one in listening.person.ask("GET", "/sessions")}
    body, until = multipart("left.wav", wav_bytes()), time.monotonic() + WITHIN_S

    def fresh():
        assert time.monotonic() < until
        time.sleep(0.1)
        return {one["id"] for one in listening.person.ask("GET", "/sessions")} - sessions

    head = f"POST /separate?wait=60 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\n{key}"
    with socket.create_connection(("127.0.0.1", listening.port)) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while not (opened := fresh()):
            pass
        renders = f"/sessions/{opened.copy().pop()}/renders"
        while not listening.person.ask("GET", renders):
            fresh()
        before = listening.stopped()
    while listening.stopped() == before:
        fresh()
    assert fresh() == (opened if key else set())
