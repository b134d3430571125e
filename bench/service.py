"""How long a person waits for the service, alone and among many, and what a long time does to it.

    python bench/service.py [SONG] [--model NAME] [--database-url URL]
    python bench/service.py --sessions 50 --seconds 60 [--renders 4] [--pause 2]
    python bench/service.py --sessions 20 --seconds 3600 --stay 30
    python bench/service.py --sessions 8 --visits 3 --renders 0 --seconds 3600 --stay 30 --pause 10

Starts `sayso serve` of its own on a folder that is removed afterwards. Without a song it takes the
demo song, of twenty seconds or of `--length`. The first form prints the time from a message to its
reply, and to the first second of sound in hand: for the first and for a second query (whose stems
are kept), on the first recording after the start and on another. The second form has many people
talk at once, who pause between an answer and the next message; `--renders` of them send a new
recording, have it rendered and start over, so that workers never rest; `--visits` of them do all
that else can be done, and leave much of it unfinished: uploads in pieces, streams of events that
they hang up on, downloads, renders that they cancel. It prints the spread of the
replies, how busy the workers were and every error. With `--stay`, people leave after so many
messages and others come; what the processes, the databases and the folder grew by an hour is
fitted over the second half of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import math
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx2
import numpy as np
import psutil
import soundfile

from sayso.demo import SAMPLE_RATE, demo_song

WORDS = (
    "remove the vocals", "turn the drums up by 3 dB", "a bit more", "put some reverb on the vocals",
    "less", "undo", "make the bass louder", "isolate the drums", "what can you do?",
    "pan the other stem left", "back to the original", "mute the bass", "cut the first 2 seconds",
)  # fmt: skip
_LOOK_S = 1.0
_WEIGH_S = 10.0
_ENOUGH = 6
_GIVE_UP = 0.3


@dataclass
class Served:
    """A service that runs: a client of it, its process, and the folder of its files."""

    client: httpx2.AsyncClient
    process: psutil.Process
    folder: Path


class Songs:
    """Recordings to send, each a little different, so that nothing kept of one serves another."""

    def __init__(self, song: Path | None, length_s: float) -> None:
        if song is None:
            once = demo_song()["mix"].samples.T
            times = max(1, round(length_s * SAMPLE_RATE / len(once)))
            self._samples, self._rate = np.tile(once, (times, 1)), SAMPLE_RATE
        else:
            self._samples, self._rate = soundfile.read(song, dtype="float32", always_2d=True)
        self._sent = 0

    def next(self) -> bytes:
        """The next one, as a file."""
        self._sent += 1
        out = io.BytesIO()
        soundfile.write(
            out, self._samples * (1 - 1e-3 * (self._sent % 500)), self._rate, format="WAV"
        )
        return out.getvalue()


@asynccontextmanager
async def served(arguments: argparse.Namespace) -> AsyncIterator[Served]:
    """A service that runs while the `with` block does."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "sayso", "serve", "--port", str(port), "--folder", folder]
        for name in ("model", "database_url", "workers"):
            if getattr(arguments, name):
                command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
        environment = {**os.environ, "SAYSO_LIMIT_REQUESTS_A_MINUTE": "1000000"}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        limits = httpx2.Limits(max_connections=500)
        at = f"http://127.0.0.1:{port}"
        try:
            async with httpx2.AsyncClient(base_url=at, timeout=120, limits=limits) as client:
                while True:
                    if process.poll() is not None:
                        raise SystemExit("the service did not start")
                    try:
                        (await client.get("/health")).raise_for_status()
                        break
                    except httpx2.TransportError:
                        await asyncio.sleep(0.2)
                yield Served(client, psutil.Process(process.pid), Path(folder))
        finally:
            process.terminate()
            _, told = process.communicate()
            print(
                "".join(line + "\n" for line in told.splitlines() if line.startswith("{")), end=""
            )


async def open_session(client: httpx2.AsyncClient, song: bytes) -> dict[str, Any]:
    """A session on a recording."""
    response = await client.post("/sessions", files={"file": ("song.wav", song)})
    response.raise_for_status()
    return dict(response.json())


async def wait_for_sound(client: httpx2.AsyncClient, render: dict[str, Any]) -> None:
    """Follows a render, and fetches the first second of its first track."""
    async with client.stream("GET", render["events_url"]) as events:
        state = ""
        async for line in events.aiter_lines():
            if line.startswith("data:") and '"state":"done"' in line.replace(" ", ""):
                state = "done"
    if state != "done":
        raise RuntimeError(f"the render did not succeed: {render['id']}")
    first = {"range": "bytes=0-300000"}
    (await client.get(f"{render['url']}/tracks/0", headers=first)).raise_for_status()


async def alone(arguments: argparse.Namespace) -> None:
    """One person, two recordings, three queries each."""
    songs = Songs(arguments.song, arguments.length)
    async with served(arguments) as service:
        for which in ("the first recording", "another recording"):
            began = time.perf_counter()
            session = await open_session(service.client, songs.next())
            seconds = session["source"]["duration_s"]
            print(
                f"{which}, {seconds:.0f} s of sound; opened in {time.perf_counter() - began:.2f} s"
            )
            print("query                       reply (ms)   sound (s)")
            for name, text in (("first", "remove the vocals"), ("second", "put them back, quieter"),
                               ("other stems", "remove the drums")):  # fmt: skip
                url = f"/sessions/{session['id']}/messages"
                began = time.perf_counter()
                answer = await service.client.post(url, json={"text": text})
                answer.raise_for_status()
                replied = time.perf_counter() - began
                await wait_for_sound(service.client, answer.json()["render"])
                print(f"{name:24}{replied * 1e3:14.1f}{time.perf_counter() - began:12.2f}")


@dataclass
class Crowd:
    """Many people, and what became of their requests."""

    arguments: argparse.Namespace
    service: Served
    songs: Songs
    until: float
    times: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    running: list[int] = field(default_factory=list)
    weights: list[dict[str, float]] = field(default_factory=list)

    async def say(self, session: dict[str, Any], text: str, render: bool) -> dict[str, Any] | None:
        """One message, timed; its render, if there is one."""
        body, url = {"text": text, "render": render}, f"/sessions/{session['id']}/messages"
        began = time.perf_counter()
        answer = await self.service.client.post(url, json=body)
        self.times.append(time.perf_counter() - began)
        self.outcomes[str(answer.status_code)] += 1
        return answer.json().get("render") if answer.is_success else None

    async def talk(self, number: int) -> None:
        """Somebody who talks, hears nothing, and leaves after `stay` messages for another."""
        chance, pause_s = random.Random(number), self.arguments.pause
        while time.perf_counter() < self.until:
            try:
                opened = await self.service.client.post("/sessions/demo")
                session = opened.raise_for_status().json()
                await asyncio.sleep(chance.uniform(0, pause_s))
                said = 0
                while time.perf_counter() < self.until and said < (self.arguments.stay or math.inf):
                    said += 1
                    await self.say(session, chance.choice(WORDS), False)
                    await asyncio.sleep(pause_s)
                await self.service.client.delete(f"/sessions/{session['id']}")
            except httpx2.HTTPError as error:
                self.outcomes[repr(error)] += 1

    async def listen(self, number: int) -> None:
        """Somebody who has one recording after the other rendered."""
        chance = random.Random(number)
        while time.perf_counter() < self.until:
            try:
                session = await open_session(self.service.client, self.songs.next())
                for text in ("remove the vocals", chance.choice(WORDS)):
                    render = await self.say(session, text, True)
                    if render:
                        await wait_for_sound(self.service.client, render)
                        self.outcomes["renders"] += 1
                await self.service.client.delete(f"/sessions/{session['id']}")
            except (httpx2.HTTPError, RuntimeError) as error:
                self.outcomes[repr(error)] += 1

    async def visit(self, number: int) -> None:
        """Somebody who uploads in pieces, follows, downloads, and gives much of it up half-way."""
        chance, pause_s = random.Random(number), self.arguments.pause
        while time.perf_counter() < self.until:
            try:
                session = await self.upload(chance)
                if session is not None:
                    await self.wander(chance, session)
            except (httpx2.HTTPError, RuntimeError) as error:
                self.outcomes[repr(error)] += 1
            await asyncio.sleep(chance.uniform(0, 2 * pause_s))

    async def upload(self, chance: random.Random) -> dict[str, Any] | None:
        """A session on a recording that is sent in four pieces; None for one that is given up."""
        client, song, given_up = self.service.client, self.songs.next(), chance.random() < _GIVE_UP
        tus = {"Tus-Resumable": "1.0.0"}
        begun = await client.post("/uploads", headers={**tus, "Upload-Length": str(len(song))})
        begun.raise_for_status()
        url, size = begun.headers["location"], -(-len(song) // 4)
        for start in range(0, len(song) // 2 if given_up else len(song), size):
            headers = {**tus, "Content-Type": "application/offset+octet-stream"}
            headers["Upload-Offset"] = str(start)
            sent = await client.patch(url, content=song[start : start + size], headers=headers)
            sent.raise_for_status()
        if given_up:
            await client.delete(url, headers=tus)
            self.outcomes["uploads given up"] += 1
            return None
        opened = await client.post(f"{url}/session")
        opened.raise_for_status()
        return dict(opened.json())

    async def wander(self, chance: random.Random, session: dict[str, Any]) -> None:
        """Has a recording rendered, listens or hangs up or cancels, downloads, and deletes it."""
        client, url = self.service.client, f"/sessions/{session['id']}"
        render = await self.say(
            session, chance.choice(("remove the vocals", "only the drums")), True
        )
        followed = asyncio.create_task(self.hang_up(f"{url}/events", chance.uniform(0, 2)))
        if render and chance.random() < _GIVE_UP:
            await self.hang_up(render["events_url"], chance.uniform(0, 0.5))
            (await client.post(f"{render['url']}/cancel")).raise_for_status()
            self.outcomes["renders cancelled"] += 1
        elif render:
            await wait_for_sound(client, render)
            self.outcomes["renders"] += 1
            for path in ("/archive", "/tracks/0?format=mp3", "/tracks/0/peaks?buckets=400"):
                (await client.get(render["url"] + path)).raise_for_status()
            await self.hang_up(f"{url}/source?format=flac", 0.01)
        if chance.random() < 1 - _GIVE_UP:
            await followed
        (await client.delete(url)).raise_for_status()
        await followed

    async def hang_up(self, url: str, after_s: float) -> None:
        """Reads what comes from `url` for so long, and closes the connection in the middle."""
        try:
            async with asyncio.timeout(after_s), self.service.client.stream("GET", url) as answer:
                async for _ in answer.aiter_bytes():
                    pass
        except TimeoutError:
            self.outcomes["hung up"] += 1

    async def look(self) -> None:
        """How many renders run, every second, and the weight of it all, every ten."""
        weighed = 0.0
        while time.perf_counter() < self.until:
            try:
                health = (await self.service.client.get("/health")).raise_for_status()
                jobs = health.json()["jobs"]
                self.running.append(jobs.get("running", 0))
            except httpx2.HTTPError as error:
                self.outcomes[repr(error)] += 1
            if time.perf_counter() - weighed > _WEIGH_S:
                weighed = time.perf_counter()
                with suppress(OSError, psutil.Error, sqlite3.Error):  # what goes meanwhile
                    self.weights.append(weigh(self.service))
            await asyncio.sleep(_LOOK_S)

    async def live(self) -> None:
        """All of them, until the time is up."""
        people = range(self.arguments.sessions)
        renders, visits = self.arguments.renders, self.arguments.visits
        lives = [
            self.listen(n)
            if n < renders
            else self.visit(n)
            if n < renders + visits
            else self.talk(n)
            for n in people
        ]
        await asyncio.gather(self.look(), *lives)


def weigh(service: Served) -> dict[str, float]:
    """Memory, open files, threads and processor time of the service; rows and bytes it keeps."""
    found = {"time (s)": time.monotonic()}
    workers = [child for child in service.process.children() if "sayso.jobs" in child.cmdline()]
    for name, processes in (("api", [service.process]), ("workers", workers)):
        found[f"{name} MiB"] = sum(one.memory_info().rss for one in processes) / 2**20
        found[f"{name} files"] = sum(one.num_fds() for one in processes)
        found[f"{name} threads"] = sum(one.num_threads() for one in processes)
        found[f"{name} CPU s"] = sum(sum(one.cpu_times()[:2]) for one in processes)
    for file, tables in (
        ("sayso", ("session", "message", "render", "upload")),
        ("jobs", ("workflow_status",)),
    ):
        if (path := service.folder / f"{file}.sqlite").exists():
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
                for table in tables:
                    rows = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                    found[f"rows of {table}"] = rows
            db.close()
    sizes = (path.stat().st_size for path in service.folder.rglob("*") if path.is_file())
    found["folder MiB"] = sum(sizes) / 2**20
    found["folders"] = sum(path.is_dir() for path in service.folder.rglob("*"))
    return found


def print_growth(weights: list[dict[str, float]]) -> None:
    """What the service weighed at first and at last, and its growth an hour in the second half."""
    later = weights[len(weights) // 2 :]
    hours = np.array([one["time (s)"] for one in later]) / 3600
    print(f"{'':24}{'first':>10}{'last':>10}{'an hour':>10}")
    for name in list(weights[0])[1:]:
        slope = np.polyfit(hours - hours[0], [one.get(name, 0.0) for one in later], 1)[0]
        print(f"{name:24}{weights[0][name]:10.1f}{weights[-1][name]:10.1f}{slope:10.1f}")


async def among_many(arguments: argparse.Namespace) -> None:
    """Many people at once."""
    songs = Songs(arguments.song, arguments.length)
    async with served(arguments) as service:
        await open_session(service.client, songs.next())
        crowd = Crowd(arguments, service, songs, time.perf_counter() + arguments.seconds)
        await crowd.live()
        used = weigh(service)
    times, cuts = crowd.times, quantiles(crowd.times, n=100)
    print(f"{arguments.sessions} people, {len(times) / arguments.seconds:.1f} messages a second: "
          f"{dict(crowd.outcomes)}")  # fmt: skip
    print(f"replies (ms): median {median(times) * 1e3:.0f}, 95% {cuts[94] * 1e3:.0f}, "
          f"99% {cuts[98] * 1e3:.0f}, longest {max(times) * 1e3:.0f}")  # fmt: skip
    busy = sum(count > 0 for count in crowd.running) / len(crowd.running)
    print(f"renders ran for {busy:.0%} of the time; processor time of the API "
          f"{used['api CPU s']:.0f} s, of workers {used['workers CPU s']:.0f} s")  # fmt: skip
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if arguments.stay and len(crowd.weights) >= _ENOUGH:
        print_growth(crowd.weights)


def main() -> None:
    """Reads the arguments and prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("song", nargs="?", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--database-url")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--length", type=float, default=20.0)
    parser.add_argument("--sessions", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--renders", type=int, default=4)
    parser.add_argument("--visits", type=int, default=0)
    parser.add_argument("--pause", type=float, default=2.0)
    parser.add_argument("--stay", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(among_many(arguments) if arguments.sessions else alone(arguments))


if __name__ == "__main__":
    main()
