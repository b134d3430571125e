"""The separators that need no torch, with their released weights: whole processes, on this machine.

    python bench/released.py [--seconds 60]           # beside the demucs command, same weights
    python bench/released.py memory [--seconds 1200]  # peak memory on a long file

Each row is one run of a command, from its start to its end: wall time, processor time and the
largest resident set. The demucs command gets the weights of `htdemucs.onnx`, and the same overlap;
it is left out where torch or demucs is missing. Weights: `sayso models pull best`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from models import make_mix
from sayso.cli.opening import models_store
from sayso.separate.catalogue import find_row

SEPARATORS = ("htdemucs", "spleeter", "deepfilternet3")


def main() -> None:
    """Reads the command line, runs the commands and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["speed", "memory"], default="speed")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    seconds = arguments.seconds or {"speed": 60.0, "memory": 1200.0}[arguments.what]
    weights = models_store().require(find_row("htdemucs").files[0], model="htdemucs")
    with tempfile.TemporaryDirectory(prefix="sayso-bench-") as folder:
        os.chdir(folder)
        make_mix(seconds, channels=2)
        threads = ["--threads", str(arguments.threads)]
        ours = [sys.executable, "-m", "sayso", "separate", "mix.wav", "--no-cache", *threads]
        commands = {name: [*ours, "--model", name, "-o", name] for name in SEPARATORS}
        if arguments.what == "speed" and find_spec("torch") and find_spec("demucs"):
            make_checkpoint(weights)
            theirs = ["-n", "bench", "--repo", ".", "-o", "demucs", "--shifts", "0", "-d", "cpu"]
            demucs = [sys.executable, "-m", "demucs.separate", *theirs, "mix.wav"]
            commands = {"the demucs command": demucs, **commands}
        print("| | wall | processor | times the first | times real time | peak memory |")
        print("|---|---|---|---|---|---|")
        first = None
        for name, command in commands.items():
            wall, cpu, peak_mb = run(command, arguments.threads)
            first = first or wall
            cells = f"{wall:.1f} s | {cpu:.1f} s | {first / wall:.2f} | {seconds / wall:.1f}"
            print(f"| {name} | {cells} | {peak_mb:.0f} MB |", flush=True)


def run(command: list[str], threads: int) -> tuple[float, float, float]:
    """Wall and processor seconds and peak memory in MB of one run of `command`."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    started = time.perf_counter()
    with Path("said.txt").open("w") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(Path("said.txt").read_text())
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def make_checkpoint(weights: Path) -> None:
    """Writes the network in `htdemucs.onnx` as a checkpoint that the demucs command takes."""
    import torch
    from demucs.htdemucs import HTDemucs

    from sayso.separate.demucs_files import EXPORTED, read_network

    network = read_network(weights)
    kwargs = {**EXPORTED, "bottom_channels": 512}
    package = {"klass": HTDemucs, "args": (), "kwargs": kwargs, "state": network.state_dict()}
    torch.save(package, "bench.th")
    # The command takes a name from a YAML beside the checkpoint.
    Path("bench.yaml").write_text("models: ['bench']\n")


if __name__ == "__main__":
    main()
