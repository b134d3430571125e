"""Public models: ours against their own code, same weights, same settings, on this machine.

    python bench/models.py demucs                      # against the demucs command
    python bench/models.py audiosep --upstream AudioSep  # against chunk_inference of a checkout
    python bench/models.py memory demucs               # peak memory on twenty minutes
    python bench/models.py memory audiosep

Weights are random and of the published size, so stems mean nothing, but times, memory and agreement
do. Every run is a process of its own, timed from its start; the weights file is deleted at the end.
AudioSep's repository and its torchlibrosa are not installed by us: give the path of a checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

RATE = 44_100
SOURCES = ["drums", "bass", "other", "vocals"]
HTDEMUCS = {
    "sources": SOURCES,
    "bottom_channels": 512,
    "dconv_mode": 3,
    "segment": Fraction(39, 5),
}
PROMPT_SEED = 5


def main() -> None:
    """Reads the command line and runs one of the benches in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["demucs", "audiosep", "memory", "child"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--upstream", help="a checkout of AudioSep")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if arguments.what == "child":
        child(*arguments.rest, threads=arguments.threads, upstream=arguments.upstream)
        return
    with tempfile.TemporaryDirectory(prefix="sayso-bench-") as folder:
        os.chdir(folder)
        bench = {"demucs": bench_demucs, "audiosep": bench_audiosep, "memory": bench_memory}
        bench[arguments.what](arguments)


def bench_demucs(arguments: argparse.Namespace) -> None:
    """Ours in both precisions against the demucs command."""
    make_demucs()
    make_mix(arguments.seconds or 60.0, channels=2)
    rows = {kind: run(kind, arguments) for kind in ("demucs", "demucs-float32", "demucs-auto")}
    report(rows, "demucs")


def bench_audiosep(arguments: argparse.Namespace) -> None:
    """Ours in both precisions against chunk_inference."""
    make_audiosep()
    make_mix(arguments.seconds or 30.0, channels=1, rate=32_000)
    kinds = ("audiosep", "audiosep-float32", "audiosep-auto")
    # Upstream cuts into five seconds, so what is heard differs; ours is held against ours.
    report({kind: run(kind, arguments) for kind in kinds}, "audiosep", exact="audiosep-float32")


def bench_memory(arguments: argparse.Namespace) -> None:
    """Peak memory of ours on a long file."""
    (what,) = arguments.rest
    {"demucs": make_demucs, "audiosep": make_audiosep}[what]()
    make_mix(arguments.seconds or 1200.0, channels=2 if what == "demucs" else 1)
    row = run(f"{what}-auto", arguments)
    seconds = row["seconds"]
    print(f"{what}: {seconds:.0f} s, peak {row['peak_mb']:.0f} MB")


def report(rows: dict[str, dict], reference: str, *, exact: str | None = None) -> None:
    """Prints a line for each run: speed against `reference`, agreement with `exact`."""
    exact = exact or reference
    for kind, row in rows.items():
        ratio = rows[reference]["seconds"] / row["seconds"]
        times = f"{row['seconds']:7.1f} s   {ratio:4.2f} x   {row['cpu_s']:6.1f} CPU s"
        line = f"{kind:18} {times}   peak {row['peak_mb']:5.0f} MB"
        if kind not in (reference, exact):
            line += f"   agreement {agreement(exact, kind):.1f} dB"
        print(line)


def agreement(reference: str, kind: str) -> float:
    """The least, over stems, of the reference's energy over that of the difference, in dB.

    The end is left out: there upstream gives its last chunk another length and place.
    """
    tail_s = 10 if reference == "demucs" else 0
    found = []
    for path in sorted(Path(reference).glob("*.npy")):
        one, two = np.load(path), np.load(Path(kind) / path.name)
        stop = one.shape[-1] - tail_s * RATE
        one, two = one[..., :stop], two[..., :stop]
        found.append(20 * np.log10(np.linalg.norm(one) / np.linalg.norm(one - two)))
    return min(found)


def run(kind: str, arguments: argparse.Namespace) -> dict:
    """One run in a process of its own: seconds, CPU seconds and peak memory."""
    command = [sys.executable, __file__, "child", kind, "--threads", str(arguments.threads)]
    if arguments.upstream:
        command += ["--upstream", arguments.upstream]
    Path(kind).mkdir()
    environment = os.environ | {"OMP_NUM_THREADS": str(arguments.threads)}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stderr)
    return {"seconds": seconds} | json.loads(done.stdout.splitlines()[-1])


def child(kind: str, *, threads: int, upstream: str | None) -> None:
    """What such a process does."""
    import torch

    torch.set_num_threads(threads)
    what, _, precision = kind.partition("-")
    if not precision:
        stems = {"demucs": demucs_command, "audiosep": audiosep_upstream}[what](upstream)
    else:
        stems = {"demucs": demucs_ours, "audiosep": audiosep_ours}[what](precision)
    used = resource.getrusage(resource.RUSAGE_SELF)
    metrics = {"peak_mb": peak_mb(), "cpu_s": used.ru_utime + used.ru_stime}
    for name, samples in stems.items():
        if samples.shape[-1] <= 120 * RATE:
            np.save(f"{kind}/{name}.npy", samples)
    print(json.dumps(metrics))


def peak_mb() -> float:
    """The largest resident set of this process; `ru_maxrss` would count its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def demucs_command(_: str | None) -> dict[str, np.ndarray]:
    """The demucs command's stems."""
    import soundfile
    from demucs.separate import main as demucs

    options = ["--shifts", "0", "--float32", "--clip-mode", "none", "-d", "cpu"]
    demucs(["-n", "bench", "--repo", ".", "-o", "stems", *options, "mix.wav"])
    return {name: soundfile.read(f"stems/bench/mix/{name}.wav")[0].T for name in SOURCES}


def demucs_ours(precision: str) -> dict[str, np.ndarray]:
    """Our stems, joined as the command joins."""
    from sayso.audio import read, write
    from sayso.separate.demucs import DemucsSeparator, DemucsSettings
    from sayso.separate.devices import Device

    settings = DemucsSettings(discard=0, device=Device(kind="cpu", precision=precision))
    separator = DemucsSeparator.load(Path("bench.th"), settings=settings)
    stems = separator.separate(read("mix.wav"), SOURCES)
    for name, stem in stems.items():
        write(f"demucs-{precision}/{name}.wav", stem, encoding="float32")
    return {name: stem.samples for name, stem in stems.items()}


def audiosep_upstream(checkout: str | None) -> dict[str, np.ndarray]:
    """The answer of AudioSep's own chunked inference."""
    import soundfile
    import torch

    if checkout is None:
        sys.exit("give --upstream, the path of a checkout of AudioSep")
    # This file's own folder holds a `models`, too.
    sys.path[0] = checkout
    from models.resunet import ResUNet30

    network = ResUNet30(1, 1, 512)
    state = torch.load("bench.ckpt")["state_dict"]
    network.load_state_dict(
        {key.removeprefix("ss_model."): value for key, value in state.items()}, strict=False
    )
    mix = torch.from_numpy(soundfile.read("mix.wav", dtype="float32")[0])[None, None]
    given = {"mixture": mix, "condition": torch.from_numpy(condition())[None]}
    return {"sound": network.eval().chunk_inference(given)}


def audiosep_ours(precision: str) -> dict[str, np.ndarray]:
    """Our answer."""
    from sayso.audio import read, write
    from sayso.separate.audiosep import AudioSepSeparator, AudioSepSettings, read_resunet30
    from sayso.separate.devices import Device

    settings = AudioSepSettings(device=Device(kind="cpu", precision=precision))
    network = read_resunet30(Path("bench.ckpt"))
    separator = AudioSepSeparator(network, lambda _: condition(), settings=settings)
    stem = separator.separate(read("mix.wav"), ["sound"])["sound"]
    write(f"audiosep-{precision}/sound.wav", stem, encoding="float32")
    return {"sound": stem.samples}


def condition() -> np.ndarray:
    """A random embedding of length one."""
    drawn = np.random.default_rng(PROMPT_SEED).standard_normal(512)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def make_demucs() -> None:
    """Writes an htdemucs with random weights."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    network = HTDemucs(**HTDEMUCS)
    state = {key: value.half() for key, value in network.state_dict().items()}
    package = {"klass": HTDemucs, "args": (), "kwargs": HTDEMUCS, "state": state}
    torch.save(package, "bench.th")
    # The command takes a name from a YAML beside the checkpoint.
    Path("bench.yaml").write_text("models: ['bench']\n")


def make_audiosep() -> None:
    """Writes an AudioSep with random weights."""
    import torch

    from sayso.networks.resunet30 import ResUNet30

    torch.manual_seed(0)
    network = ResUNet30()
    state = {f"ss_model.{key}": value for key, value in network.state_dict().items()}
    torch.save({"state_dict": state}, "bench.ckpt")


def make_mix(seconds: float, *, channels: int, rate: int = RATE) -> None:
    """Noise whose level and colour change, so that not all chunks are alike."""
    import soundfile

    rng = np.random.default_rng(1)
    with soundfile.SoundFile("mix.wav", "w", rate, channels, "FLOAT") as file:
        for second in range(round(seconds)):
            noise = rng.standard_normal((rate, channels)) * 0.05 * (1 + np.sin(second))
            tone = 0.1 * np.sin(np.arange(rate) * 0.02 * (1 + second % 7))[:, None]
            file.write((noise + tone).astype(np.float32))


if __name__ == "__main__":
    main()
