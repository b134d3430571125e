"""The service for the tests: on either database, with and without a worker."""

from __future__ import annotations

import io
import json
import time
import wave

import numpy as np
import pytest
from fastapi.testclient import TestClient

from sayso.jobs import Workers
from sayso.service import Limits, Settings, create_app, renders

LOCAL = "http://127.0.0.1"


def wav_bytes(seconds: float = 1.0, *, channels: int = 2, rate: int = 22_050) -> bytes:
    """A tone over a little noise, as 16-bit WAV."""
    at = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(3).standard_normal((len(at), channels))
    sound = 0.3 * np.sin(2 * np.pi * 220 * at)[:, None] + 0.05 * noise
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return out.getvalue()


class Person:
    """Somebody who uses the API."""

    def __init__(self, client, headers=None):
        self.client, self.headers = client, headers or {}

    def ask(self, method, url, *, status=200, **options):
        response = self.client.request(method, url, headers=self.headers, **options)
        assert response.status_code == status, response.text
        kind = response.headers.get("content-type", "")
        return response.json() if "json" in kind and response.content else response

    def open(self, name="song.wav", data=None, **options):
        files = {"file": (name, wav_bytes() if data is None else data)}
        return self.ask("POST", "/sessions", files=files, **{"status": 201, **options})

    def say(self, session, text, **body):
        url = f"/sessions/{session['id']}/messages"
        return self.ask("POST", url, json={"text": text, **body})

    def patch(self, session, **body):
        return self.ask("PATCH", f"/sessions/{session['id']}/desk", json=body)

    def wait(self, render):
        """Follows a render to its end, by its events."""
        states = []
        with self.client.stream("GET", render["events_url"], headers=self.headers) as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            for line in events.iter_lines():
                if line.startswith("data: "):
                    states.append(json.loads(line.removeprefix("data: ")))
        assert states[-1]["state"] == "done", states[-1]
        return states[-1]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request):
    """None for SQLite, or the URL of a fresh PostgreSQL database."""
    if request.param == "sqlite":
        return None
    return f"{request.getfixturevalue('postgres')}/service_{time.monotonic_ns()}"


@pytest.fixture(scope="session")
def settings(database_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    limits = Limits(requests_a_minute=100_000)
    return Settings(folder=folder, database_url=database_url, model="simple", limits=limits)


@pytest.fixture(scope="session")
def person(settings):
    """Somebody who uses a service with a worker, on either database."""
    app = create_app(settings)
    working = Workers(settings.queue, [renders.__name__], threads=1, polling_s=0.05)
    with TestClient(app, base_url=LOCAL) as client, working:
        yield Person(client)


@pytest.fixture
def make(tmp_path):
    """Makes a service without workers, on SQLite, and gives its client."""
    opened = []

    def build(*, limits=None, **given):
        bounds = Limits(**{"requests_a_minute": 100_000, **(limits or {})})
        settings = Settings(folder=tmp_path, model="simple", limits=bounds, **given)
        client = TestClient(create_app(settings), base_url=LOCAL, raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        return client

    yield build
    for client in opened:
        client.__exit__(None, None, None)
