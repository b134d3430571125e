"""What things cost beside each other: starting, asking, separating, long files, batches, serving.

Whatever is compared runs in turns in one run, so that a busy machine slows all of it alike.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

import batch
import embedded
import long_files
import models
import service
from sayso.audio import Audio, write
from sayso.demo import SAMPLE_RATE, demo_song
from sayso.separate import load
from tables import SkippedError, Table

SAYSO = [sys.executable, "-m", "sayso"]


@dataclass(frozen=True)
class Given:
    """What there is to measure with.

    Attributes:
        quick: shorter material and fewer rounds.
        threads: of every separator.
        songs: a folder with a folder of stems a song, or None.
        noisy, clean: folders of recordings of the same names, or None.
        store: of training material, whose validation part is heard, or None.
    """

    quick: bool
    threads: int
    songs: Path | None = None
    noisy: Path | None = None
    clean: Path | None = None
    store: Path | None = None


def need(*modules: str, extra: str) -> None:
    """Raises: SkippedError where a module is not installed."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise SkippedError(f"needs {', '.join(missing)}: pip install '.[{extra}]'")


def in_turns(work: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """The median seconds of each, run one after the other, `rounds` times."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - began)
    return {name: median(seconds) for name, seconds in taken.items()}


@contextmanager
def within() -> Iterator[Path]:
    """An empty folder to work in."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="sayso-bench-") as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def run(command: Sequence[str]) -> None:
    """A command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")


def rows_beside(seconds: Mapping[str, float], reference: str) -> list[tuple[str, str, str]]:
    """Name, seconds, and how many times the reference's."""
    return [
        (name, f"{taken:.2f}", f"{taken / seconds[reference]:.2f}")
        for name, taken in seconds.items()
    ]


def starting(given: Given) -> Table:
    """Commands that do next to nothing, beside an empty Python."""
    python = [sys.executable, "-c"]
    with within() as folder:
        write(folder / "song.wav", demo_song()["mix"])
        commands = {
            "python -c pass": [*python, "pass"],
            "import sayso": [*python, "import sayso"],
            "sayso --help": [*SAYSO, "--help"],
            "sayso ask song.wav ... --plan": [*SAYSO, "ask", "song.wav", "louder drums", "--plan"],
        }
        if find_spec("torch") is not None:
            commands["import torch"] = [*python, "import torch"]
        if shutil.which("demucs") is not None:
            commands["demucs --help"] = ["demucs", "--help"]
        work = {name: lambda c=command: run(c) for name, command in commands.items()}
        in_turns(work, rounds=1)  # from disk into memory
        seconds = in_turns(work, rounds=3 if given.quick else 7)
    return Table(
        "Starting",
        ("command", "seconds", "times an empty Python"),
        rows_beside(seconds, "python -c pass"),
        "Whole processes, medians.",
    )


def asking(given: Given) -> Table:
    """One encoding, many questions; htdemucs beside them."""
    length = 12 if given.quick else 30
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, length * SAMPLE_RATE))
    mix = Audio(noise.astype(np.float32), SAMPLE_RATE)
    separator = load("embedded", threads=given.threads)
    work = {
        f"{n} target{'s' if n > 1 else ''}": lambda n=n: separator.separate(
            mix, embedded.TARGETS[:n]
        )
        for n in (1, 2, 4, 8)
    }
    in_turns(work, rounds=1)
    seconds = in_turns(work, rounds=2 if given.quick else 5)
    if find_spec("demucs") is not None:
        import torch

        torch.set_num_threads(given.threads)
        seconds["htdemucs, its 4 stems"] = embedded.htdemucs(mix)
    return Table(
        "Encode once, ask many",
        ("the embedded model", "seconds", "times one target"),
        rows_beside(seconds, "1 target"),
        f"{length} s of stereo, {given.threads} threads, models loaded before.",
    )


def separating(given: Given) -> Table:
    """Demucs' networks under our code and under its own command, the same weights."""
    need("torch", "demucs", extra="torch")
    arguments = argparse.Namespace(threads=given.threads, upstream=None)
    length = 20.0 if given.quick else 60.0
    kinds = {
        "demucs": "the demucs command",
        "demucs-float32": "sayso, float32",
        "demucs-auto": "sayso, its own choice of precision",
    }
    with within():
        models.make_demucs()
        models.make_mix(length, channels=2)
        found = {kind: models.run(kind, arguments) for kind in kinds}
        alike = {kind: models.agreement("demucs", kind) for kind in kinds if kind != "demucs"}
    own = found["demucs"]
    rows = [
        (
            name,
            f"{found[kind]['seconds']:.1f}",
            f"{own['seconds'] / found[kind]['seconds']:.2f}",
            f"{own['cpu_s'] / found[kind]['cpu_s']:.2f}",
            f"{found[kind]['peak_mb'] / own['peak_mb']:.2f}",
            f"{alike[kind]:.0f} dB" if kind in alike else "",
        )
        for kind, name in kinds.items()
    ]
    columns = ("", "seconds", "speed", "speed a processor second", "peak memory", "agreement")
    return Table(
        "Against the demucs command",
        columns,
        rows,
        f"htdemucs with the same random weights on {length:.0f} s of stereo, whole processes, "
        f"{given.threads} threads; speed and memory as multiples of the command's, agreement as "
        "energy of its stems over that of the difference, the worst stem.",
    )


def long(given: Given) -> Table:
    """Peak memory as a recording grows."""
    rows = []
    for model in ("simple", "embedded"):
        short, times = (1, 4) if given.quick else (5, 12)
        peaks = []
        for minutes in (short, short * times):
            with within() as folder:
                long_files.make(folder / "long.wav", minutes)
                seconds, peak = long_files.measure(folder / "long.wav", folder, model)
            peaks.append(peak)
            growth = f"{peak / peaks[0]:.2f}"
            speed = f"{60 * minutes / seconds:.1f}"
            rows.append((model, str(minutes), f"{peak:.0f}", growth, speed))
    return Table(
        "Long recordings",
        ("model", "minutes", "peak MiB", "times the shorter one's", "times real time"),
        rows,
        '`sayso ask long.wav "remove the drums"`, whole processes.',
    )


def batches(given: Given) -> Table:
    """A batch beside a command a file."""
    need("dbos", extra="batch")
    files, length = (6, 4.0) if given.quick else (40, 10.0)
    options = ["--config", "fast", "--threads", "1"]
    with within() as folder:
        (folder / "in").mkdir()
        sources = sorted(batch.make(folder / "in", files, length).iterdir())

        def one_by_one() -> None:
            for source in sources:
                run([*SAYSO, "clean", str(source), "-o", f"one/{source.stem}", *options])

        def together(processes: int) -> None:
            count = ["-j", str(processes)]
            run([*SAYSO, "clean", "in", "-o", f"together-{processes}", *options, *count])

        work = {
            "a command a file": one_by_one,
            "a batch, -j 1": lambda: together(1),
            "a batch, -j 2": lambda: together(2),
        }
        seconds = in_turns(work, rounds=1)
    rows = [
        (name, f"{taken:.1f}", f"{seconds['a command a file'] / taken:.2f}")
        for name, taken in seconds.items()
    ]
    return Table(
        "Many files",
        ("", "seconds", "speed"),
        rows,
        f"`sayso clean --config fast` on {files} files of {length:.0f} s, starts included.",
    )


def serving(given: Given) -> Table:
    """How long a person waits for the service, beside the command on the same recording."""
    need("fastapi", "httpx2", extra="dev")
    length = 20.0
    arguments = argparse.Namespace(model=None, database_url=None, workers=1)
    seconds: dict[str, float] = {}

    async def talk() -> None:
        songs = service.Songs(None, length)
        async with service.served(arguments) as served:
            warm = await service.open_session(served.client, songs.next())
            await _say(served, warm, "remove the vocals")
            session = await service.open_session(served.client, songs.next())
            for name, text in (
                ("first question", "remove the vocals"),
                ("the same stems again", "put them back, quieter"),
                ("other stems", "remove the drums"),
            ):
                reply, sound = await _say(served, session, text)
                seconds[f"{name}: reply"], seconds[f"{name}: sound"] = reply, sound

    with within() as folder:
        write(folder / "song.wav", demo_song()["mix"])
        command = [*SAYSO, "ask", "song.wav", "remove the vocals", "--no-cache"]
        work = {"sayso ask ... --no-cache": lambda: run(command)}
        seconds |= in_turns(work, rounds=2 if given.quick else 5)
    asyncio.run(talk())
    rows = [
        (name, f"{taken:.3f}", f"{taken / seconds['sayso ask ... --no-cache']:.3f}")
        for name, taken in seconds.items()
    ]
    return Table(
        "The service",
        ("", "seconds", "times the command's"),
        rows,
        f"{length:.0f} s of stereo on a service that has rendered before; to the reply, and to the "
        "first second of sound in hand. Stems are separated while the first question is rendered, "
        "and kept.",
    )


async def _say(
    served: service.Served, session: Mapping[str, object], text: str
) -> tuple[float, float]:
    began = time.perf_counter()
    url = f"/sessions/{session['id']}/messages"
    answer = await served.client.post(url, json={"text": text})
    answer.raise_for_status()
    replied = time.perf_counter() - began
    await service.wait_for_sound(served.client, answer.json()["render"])
    return replied, time.perf_counter() - began
