"""The commands of docs/api.md and its smallest client, against a real server."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from tests.service.conftest import wav_bytes

from sayso.audio import read
from sayso.jobs import Workers
from sayso.service import Limits, Settings, create_app, renders

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
USUAL = "127.0.0.1:8000"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    settings = Settings(folder=folder, model="simple", limits=Limits())
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],))
    with Workers(settings.queue, [renders.__name__], threads=1, polling_s=0.05):
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)
            listener.close()


def block(language: str, title: str) -> str:
    found = re.search(rf"## {title}\n.*?```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_command_of_one_request_writes_its_file(address, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    (tmp_path / "song.wav").write_bytes(wav_bytes())
    script = block("sh", "In one request").replace(USUAL, address)
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert abs(read(tmp_path / "karaoke.mp3").duration_s - 1.0) < 0.1


def test_the_smallest_client_fetches_its_tracks(address, tmp_path, monkeypatch):
    (tmp_path / "song.wav").write_bytes(wav_bytes())
    monkeypatch.chdir(tmp_path)
    source = block("python", "A client").replace(USUAL, address)
    exec(compile(source, str(DOCS), "exec"), {"__name__": "client"})
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"drums.flac", "song.wav", "vocals.flac"}
    assert read(tmp_path / "vocals.flac").frames == 22_050
