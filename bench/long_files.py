"""Peak memory and speed of `sayso ask ... "remove the drums"` on recordings of 20 and 60 minutes.

    python bench/long_files.py [--minutes 20 60] [--model simple]

Each length is run in a process of its own; the figure is that process's largest resident set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sayso.audio import Writer
from sayso.demo import SAMPLE_RATE, demo_song

_WAIT = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def make(path: Path, minutes: float) -> None:
    """The demo song again and again, each time a little louder or softer."""
    mix = demo_song()["mix"].samples
    with Writer(path, SAMPLE_RATE, 2, encoding="pcm16") as out:
        for turn in range(round(minutes * 3)):
            out.append(mix * np.float32(0.7 + 0.25 * np.sin(turn)))


def measure(path: Path, folder: Path, model: str | None) -> tuple[float, float]:
    """Seconds and peak MiB of one run."""
    command = [sys.executable, "-m", "sayso", "ask", str(path), "remove the drums", "--no-cache"]
    command += ["-o", str(folder)] + (["--model", model] if model else [])
    start = time.perf_counter()
    # Between us and it stands a small process: Linux counts what the parent held at the start.
    between = [sys.executable, "-S", "-c", _WAIT, *command]
    done = subprocess.run(between, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return time.perf_counter() - start, int(done.stdout.splitlines()[-1]) / 1024


def main() -> None:
    """Measures each length and prints a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[20, 60])
    parser.add_argument("--model")
    arguments = parser.parse_args()
    print("minutes  seconds  times real time  peak MiB")
    for minutes in arguments.minutes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
            path = Path(folder) / "long.wav"
            make(path, minutes)
            seconds, peak = measure(path, Path(folder), arguments.model)
        print(f"{minutes:7g}  {seconds:7.1f}  {60 * minutes / seconds:15.1f}  {peak:8.0f}")


if __name__ == "__main__":
    main()
