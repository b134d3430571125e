"""An hour of a service's bad day: a disk that fills and empties, workers killed, uploads abandoned.

    python bench/trouble.py [--seconds 3600] [--disk 256] [--model simple] [--database-url URL]

Many people use a service as in `bench/service.py`, whose folder lies on a small disk of its own
(which takes root; without it, nothing is filled). Somebody fills the disk to its last byte and
frees it again, somebody kills workers, somebody begins uploads and never comes back, and one
person keeps a session all the time and notes what was acknowledged. When the trouble ends, every
job must end, and all that was acknowledged must be there; the exit status is 1 where it is not.
Memory, files and threads of the processes are printed, with their growth an hour in the second
half.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from service import Crowd, Songs, open_session, print_growth, served

_PATIENCE_S = 180.0
_TUS = {"Tus-Resumable": "1.0.0"}


@contextmanager
def small_disk(mib: int) -> Iterator[Path | None]:
    """A disk of its own for what is made in temporary folders; None where there can be none."""
    with tempfile.TemporaryDirectory() as place:
        command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", place]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            yield None
            return
        before, tempfile.tempdir = tempfile.tempdir, place
        try:
            yield Path(place)
        finally:
            tempfile.tempdir = before
            subprocess.run(["umount", "-l", place], check=True)


@dataclass
class Troubled(Crowd):
    """People on a bad day, and what was done to them."""

    disk: Path | None = None
    done: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Any] = field(default_factory=dict)
    acknowledged: list[int] = field(default_factory=list)

    async def fill(self) -> None:
        """Fills the disk and empties it again."""
        chance = random.Random(1)
        while self.disk is not None and time.perf_counter() < self.until:
            await asyncio.sleep(chance.uniform(5, 20))
            ballast = self.disk / "ballast"
            with suppress(OSError), ballast.open("wb", buffering=0) as out:
                for size in (1 << 20, 1 << 12, 1):
                    with suppress(OSError):
                        while out.write(bytes(size)):
                            pass
            self.done["disks filled"] += 1
            await asyncio.sleep(chance.uniform(2, 10))
            ballast.unlink()

    async def kill(self) -> None:
        """Kills a worker now and then."""
        chance = random.Random(2)
        while time.perf_counter() < self.until:
            await asyncio.sleep(chance.uniform(10, 40))
            with suppress(psutil.Error):
                found = self.service.process.children()
                workers = [one for one in found if "sayso.jobs" in one.cmdline()]
                if workers:
                    chance.choice(workers).kill()
                    self.done["workers killed"] += 1

    async def abandon(self) -> None:
        """Begins uploads and never comes back."""
        while time.perf_counter() < self.until:
            with suppress(httpx2.HTTPError):
                length = {"Upload-Length": "100000"}
                begun = await self.service.client.post("/uploads", headers={**_TUS, **length})
                if begun.is_success:
                    headers = {**_TUS, "Content-Type": "application/offset+octet-stream"}
                    headers["Upload-Offset"] = "0"
                    url = begun.headers["location"]
                    await self.service.client.patch(url, content=bytes(5000), headers=headers)
                self.done[f"uploads begun: {begun.status_code}"] += 1
            await asyncio.sleep(5)

    async def keep(self) -> None:
        """Stays in one session, and notes what was acknowledged."""
        client, chance = self.service.client, random.Random(3)
        url = f"/sessions/{self.kept['id']}"
        while time.perf_counter() < self.until:
            with suppress(httpx2.HTTPError):
                text = f"turn the drums up by {chance.randint(1, 6)} dB"
                body = {"text": text, "render": chance.random() < 0.2}
                said = await client.post(f"{url}/messages", json=body)
                self.done[f"kept session: {said.status_code}"] += 1
                if said.is_success:
                    self.acknowledged.append(said.json()["message_id"])
            await asyncio.sleep(0.5)

    async def live(self) -> None:
        """All of it, until the time is up."""
        troubles = (self.fill(), self.kill(), self.abandon(), self.keep())
        await asyncio.gather(super().live(), *troubles)


async def found_after(crowd: Troubled, digest: str) -> list[str]:
    """What is wrong once the trouble is over: jobs that never end, things that are lost."""
    client, wrong = crowd.service.client, []
    until = time.perf_counter() + _PATIENCE_S
    jobs = dict[str, int]()
    while time.perf_counter() < until:
        jobs = (await client.get("/health")).json()["jobs"]
        if not jobs.get("queued", 0) + jobs.get("running", 0):
            break
        await asyncio.sleep(1)
    else:
        wrong.append(f"jobs that never ended: {jobs}")
    print(f"jobs at the end: {jobs}")
    url, seen, last = f"/sessions/{crowd.kept['id']}", set[int](), 0
    while found := (await client.get(f"{url}/messages", params={"after": last})).json():
        seen |= {message["id"] for message in found}
        last = found[-1]["id"]
    if lost := set(crowd.acknowledged) - seen:
        wrong.append(f"{len(lost)} of {len(crowd.acknowledged)} acknowledged messages are lost")
    source = await client.get(f"{url}/source", params={"encoding": "float32"})
    if hashlib.sha256(source.content).hexdigest() != digest:
        wrong.append("the recording of the kept session is another")
    return wrong


async def bad_day(arguments: argparse.Namespace) -> int:
    """Runs it and prints what became of it."""
    songs = Songs(None, 5.0)
    with small_disk(arguments.disk) as disk:
        async with served(arguments) as service:
            kept = await open_session(service.client, songs.next())
            url = f"/sessions/{kept['id']}/source"
            source = await service.client.get(url, params={"encoding": "float32"})
            digest = hashlib.sha256(source.content).hexdigest()
            until = time.perf_counter() + arguments.seconds
            crowd = Troubled(arguments, service, songs, until, disk=disk, kept=kept)
            await crowd.live()
            wrong = await found_after(crowd, digest)
    told = Counter[str]()
    for outcome, count in crowd.outcomes.items():
        plain = re.sub(r"[0-9a-f]{16,}|http://\S+|\\n.*", "…", outcome)
        told[plain[:100]] += count
    print(f"done to it: {dict(crowd.done)}")
    print(f"outcomes: {dict(told)}")
    print_growth(crowd.weights)
    print("\n".join(wrong) or "nothing is stuck, nothing is lost")
    return 1 if wrong else 0


def main() -> int:
    """Reads the arguments; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--disk", type=int, default=256, help="MiB")
    parser.add_argument("--model", default="simple")
    parser.add_argument("--database-url")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--renders", type=int, default=2)
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--pause", type=float, default=2.0)
    parser.add_argument("--stay", type=int, default=15)
    return asyncio.run(bad_day(parser.parse_args()))


if __name__ == "__main__":
    raise SystemExit(main())
