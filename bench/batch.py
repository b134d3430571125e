"""What durable batches stand and cost: kills, memory over many files, workers side by side.

    python bench/batch.py kills FOLDER [--queue URL]   # 200 files, killed -9 ten times
    python bench/batch.py memory FOLDER --files 10000
    python bench/batch.py workers FOLDER [--queue URL] [--seconds 10] [--files 60]

With --queue postgresql://... the kills are of two `sayso worker` by turns, and of the batch.

FOLDER is made, and should be empty. Real processes throughout; no figure is of this process alone.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np

from sayso.audio import Audio, write
from sayso.batch import MODULES, Batch, clean_settings, find_sources
from sayso.clean import load_config
from sayso.jobs import JobQueue, Workers

SAYSO = [sys.executable, "-m", "sayso"]
RATE = 16_000


def make(folder: Path, files: int, seconds: float) -> Path:
    """Noisy, speech-like bursts, seeded, each file its own."""
    for number in range(files):
        path = folder / f"{number:05}.wav"
        if path.exists():
            continue
        rng = np.random.default_rng(number)
        at = np.arange(round(seconds * RATE)) / RATE
        pitch = 110 + 40 * np.sin(2 * np.pi * 0.7 * at + number)
        voice = sum(np.sin(2 * np.pi * k * np.cumsum(pitch) / RATE) / k for k in range(1, 12))
        syllables = np.clip(np.sin(2 * np.pi * 3 * at), 0, 1) * (np.sin(0.9 * at + number) > -0.3)
        samples = 0.1 * syllables * voice + 0.01 * rng.standard_normal(len(at))
        write(path, Audio(samples[None].astype(np.float32), RATE), encoding="pcm16")
    return folder


def hashes(out: Path) -> dict[str, str]:
    """Every file but the manifest, whose work times differ, and the queue."""
    kept = ("manifest.jsonl", ".sayso/jobs.sqlite")
    files = {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file()}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(files.items())
        if not name.startswith(kept)
    }


def start(*arguments: str) -> subprocess.Popen[str]:
    """One command, in a process group of its own."""
    return subprocess.Popen(
        [*SAYSO, *arguments], text=True, stdout=subprocess.DEVNULL, start_new_session=True
    )


def kill(process: subprocess.Popen[str], *, group: bool) -> None:
    """Kills a command alone, or with its workers, and nothing else."""
    if group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def finished(out: Path) -> dict[str, int]:
    """When each output was written."""
    return {p.name: p.stat().st_mtime_ns for p in out.glob("*.wav")}


def kills(arguments: argparse.Namespace) -> None:
    """Kills a batch at random moments all through it, and compares it with one that ran through."""
    sources = make(arguments.folder / "in", arguments.files or 200, arguments.seconds or 1.0)
    whole, out = arguments.folder / "whole", arguments.folder / "out"
    command = ["clean", str(sources), "--config", arguments.config, "--threads", "1"]
    began_s = time.monotonic()
    if start(*command, "-o", str(whole)).wait() != 0:
        sys.exit("the unbroken run failed")
    whole_s = time.monotonic() - began_s
    print(f"unbroken: {len(finished(whole))} outputs in {whole_s:.0f} s")
    dice, seen = random.Random(arguments.seed), dict[str, int]()
    moments = sorted(dice.sample(range(1, len(finished(whole))), arguments.kills))
    lost = 0

    def look() -> None:
        nonlocal lost
        now = finished(out)
        lost += sum(name not in now or now[name] != at for name, at in seen.items())
        seen.update(now)

    command += ["-o", str(out)]
    workers: list[subprocess.Popen[str]] = []
    if arguments.queue:
        command += ["--queue", arguments.queue, "-j", "0"]
        worker = ("worker", "--queue", arguments.queue, "--threads", "1")
        workers = [start(*worker) for _ in range(2)]
    for number, outputs in enumerate(moments):
        main = start(*command)
        while len(finished(out)) < outputs and main.poll() is None:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, whole_s / len(finished(whole))))  # anywhere within a file's work
        ended = main.poll() is not None
        if workers:
            kill(workers[number % 2], group=dice.random() < 0.5)
            workers[number % 2] = start(*worker)
        kill(main, group=number % 2 == 0)
        look()
        print(f"kill {number + 1}: {len(seen)} outputs{' (it had ended)' if ended else ''}")
    code = start(*command).wait()
    look()
    for process in workers:
        process.send_signal(signal.SIGTERM)
        process.wait()
    same = hashes(out) == hashes(whole)
    differing = {n for n, h in hashes(whole).items() if hashes(out).get(n) != h}
    extra = set(hashes(out)) - set(hashes(whole))
    print(
        f"ended with {code}; {len(finished(out))} outputs, {lost} made twice; bit-identical: {same}"
    )
    print(f"differing: {sorted(differing)}; files that should not be there: {sorted(extra)}")


def resident_mb(pid: int) -> float:
    """Of a process, in units of 2^20 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def memory(arguments: argparse.Namespace) -> None:
    """One worker over many short files: its memory, and this process's, as they go by."""
    sources = make(arguments.folder / "in", arguments.files or 10_000, arguments.seconds or 0.25)
    batch = Batch.open(arguments.folder / "out", clean_settings(load_config(arguments.config)))
    batch.add(find_sources([sources]))
    rows: list[tuple[int, float, float]] = []
    with (
        JobQueue(arguments.queue or batch.default_queue) as queue,
        Workers(queue.url, MODULES, threads=1, polling_s=0.02) as workers,
    ):

        def show(pace: object) -> None:
            ended = int(getattr(pace, "ended", 0))
            if not rows or ended - rows[-1][0] >= len(batch.items) // 20:
                rows.append((ended, resident_mb(workers.pids[0]), resident_mb(os.getpid())))
                print(f"{ended} files: worker {rows[-1][1]:.1f} MB, batch {rows[-1][2]:.1f} MB")

        summary = batch.run(queue, on_progress=show)
    pace = summary.pace
    tail = [row for row in rows if row[0] >= len(batch.items) // 5]
    files, worker, own = (np.array(column) for column in zip(*tail, strict=True))
    slopes = [1000 * np.polyfit(files, column, 1)[0] for column in (worker, own)]
    print(
        f"{pace.done} of {pace.total} files, {pace.items_per_s:.1f} a second; "
        f"growth after a fifth: worker {slopes[0]:+.2f}, batch {slopes[1]:+.2f} MB a thousand files"
    )


def workers(arguments: argparse.Namespace) -> None:
    """The same batch with one worker process and with two, one processor thread each."""
    sources = make(arguments.folder / "in", arguments.files or 60, arguments.seconds or 10.0)
    for count in arguments.processes:
        settings = clean_settings(load_config(arguments.config))
        batch = Batch.open(arguments.folder / f"out-{uuid4().hex[:6]}", settings)
        batch.add(find_sources([sources]))
        with (
            JobQueue(arguments.queue or batch.default_queue) as queue,
            Workers(queue.url, MODULES, processes=count, threads=1, polling_s=0.05) as running,
        ):
            before = processor_s(running.pids)
            pace = batch.run(queue).pace
            used_s = processor_s(running.pids) - before
        sound_s = sum(item.audio_s for item in batch.items.values())
        work_s = sum(item.work_s for item in batch.items.values())
        print(
            f"{count} workers: {pace.total} files, {sound_s:.0f} s of sound in "
            f"{pace.elapsed_s:.1f} s, {pace.speed:.1f} times real time; in jobs {work_s:.1f} s; "
            f"processor time {used_s:.1f} s: {sound_s / used_s:.1f} times real time a core"
        )


def processor_s(pids: list[int]) -> float:
    """Seconds of a core that processes have taken so far."""

    def of(pid: int) -> Iterator[int]:
        yield from map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])

    return sum(sum(of(pid)) for pid in pids) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Runs one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("kills", "memory", "workers"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queue")
    parser.add_argument("--files", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--config", default="fast")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    {"kills": kills, "memory": memory, "workers": workers}[arguments.what](arguments)


if __name__ == "__main__":
    main()
