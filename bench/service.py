"""How long a person waits for the service, alone and among many.

    python bench/service.py [SONG] [--model NAME] [--database-url URL]
    python bench/service.py --sessions 50 --seconds 60 [--renders 4]

Starts `sayso serve` of its own on a folder that is removed afterwards. Without a song it takes the
demo song of twenty seconds. The first form prints the time from a message to its reply, and to the
first second of sound in hand, for the first and for a second query (whose stems are kept). The
second form has many people talk at once, each a message every two seconds, `--renders` of them with
a render each, and prints the spread of the replies and every error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2

WORDS = (
    "remove the vocals", "turn the drums up by 3 dB", "a bit more", "put some reverb on the vocals",
    "less", "undo", "make the bass louder", "isolate the drums", "what can you do?",
    "pan the other stem left", "back to the original", "mute the bass", "cut the first 2 seconds",
)  # fmt: skip
PAUSE_S = 2.0


@asynccontextmanager
async def served(arguments: argparse.Namespace) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that runs while the `with` block does."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "sayso", "serve", "--port", str(port), "--folder", folder]
        for name in ("model", "database_url", "workers"):
            if getattr(arguments, name):
                command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
        environment = {**os.environ, "SAYSO_LIMIT_REQUESTS_A_MINUTE": "1000000"}
        process = subprocess.Popen(command, env=environment)
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
                yield client
        finally:
            process.terminate()
            process.wait()
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(f"processor time of the service: {used.ru_utime + used.ru_stime:.1f} s")


async def open_session(client: httpx2.AsyncClient, song: Path | None) -> dict[str, Any]:
    """A session on the song."""
    if song is None:
        response = await client.post("/sessions/demo")
    else:
        response = await client.post("/sessions", files={"file": (song.name, song.read_bytes())})
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
    """One person, two queries."""
    async with served(arguments) as client:
        began = time.perf_counter()
        session = await open_session(client, arguments.song)
        seconds = session["source"]["duration_s"]
        print(f"opening {seconds:.0f} s of sound: {time.perf_counter() - began:.2f} s")
        print("query                       reply (ms)   sound (s)")
        for name, text in (("first", "remove the vocals"), ("second", "put them back, quieter"),
                           ("other stems", "remove the drums")):  # fmt: skip
            began = time.perf_counter()
            answer = await client.post(f"/sessions/{session['id']}/messages", json={"text": text})
            answer.raise_for_status()
            replied = time.perf_counter() - began
            await wait_for_sound(client, answer.json()["render"])
            print(f"{name:24}{replied * 1e3:14.1f}{time.perf_counter() - began:12.2f}")


async def among_many(arguments: argparse.Namespace) -> None:
    """Many people at once."""
    times: list[float] = []
    outcomes: Counter[str] = Counter()

    async def talk(client: httpx2.AsyncClient, number: int, until: float) -> None:
        chance = random.Random(number)
        session = await open_session(client, arguments.song)
        await asyncio.sleep(chance.uniform(0, PAUSE_S))
        while time.perf_counter() < until:
            body = {"text": chance.choice(WORDS), "render": number < arguments.renders}
            began = time.perf_counter()
            try:
                answer = await client.post(f"/sessions/{session['id']}/messages", json=body)
                times.append(time.perf_counter() - began)
                outcomes[str(answer.status_code)] += 1
                if answer.is_success and answer.json()["render"]:
                    await wait_for_sound(client, answer.json()["render"])
                    outcomes["renders"] += 1
            except (httpx2.HTTPError, RuntimeError) as error:
                outcomes[repr(error)] += 1
            await asyncio.sleep(PAUSE_S)

    async with served(arguments) as client:
        await open_session(client, arguments.song)
        until = time.perf_counter() + arguments.seconds
        await asyncio.gather(*(talk(client, n, until) for n in range(arguments.sessions)))
    cuts = quantiles(times, n=100)
    print(f"{arguments.sessions} sessions, {len(times)} messages: {dict(outcomes)}")
    print(f"replies (ms): median {cuts[49] * 1e3:.0f}, 95% {cuts[94] * 1e3:.0f}, "
          f"longest {max(times) * 1e3:.0f}")  # fmt: skip
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main() -> None:
    """Reads the arguments and prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("song", nargs="?", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--database-url")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--renders", type=int, default=4)
    arguments = parser.parse_args()
    asyncio.run(among_many(arguments) if arguments.sessions else alone(arguments))


if __name__ == "__main__":
    main()
