"""What a question costs: encoding once, asking many, and htdemucs beside it, in one run.

    python bench/embedded.py [--model MODEL.onnx] [--seconds 30] [--demucs]

`--demucs` needs the demucs package; its weights are random, which costs the same as trained ones.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from sayso.audio import Audio
from sayso.separate import load

TARGETS = ("vocals", "drums", "bass", "guitar", "piano", "speech", "dog barking", "rain")


def timed(function: Callable[[], object], *, times: int = 3) -> float:
    """The median of a few runs, after one to warm up."""
    function()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def htdemucs(mix: Audio) -> float:
    """Seconds that the demucs package takes for the four stems of `mix`."""
    import torch
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    from models import HTDEMUCS

    model = HTDemucs(**HTDEMUCS).eval()
    batch = torch.from_numpy(np.array(mix.samples))[None]
    with torch.no_grad():
        return timed(lambda: apply_model(model, batch, shifts=0, split=True), times=1)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--demucs", action="store_true")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal((2, round(arguments.seconds * 44_100)))
    mix = Audio(samples.astype(np.float32), 44_100)
    separator = load(arguments.model)
    costs = {n: timed(lambda n=n: separator.separate(mix, TARGETS[:n])) for n in (1, 2, 4, 8)}
    for count, seconds in costs.items():
        speed, ratio = arguments.seconds / seconds, seconds / costs[1]
        print(f"{count} targets  {seconds:6.2f} s  {speed:6.1f} x real time  {ratio:5.2f} of one")
    if arguments.demucs:
        peer = htdemucs(mix)
        print(f"htdemucs   {peer:6.2f} s  {arguments.seconds / peer:6.1f} x real time")
        print(f"htdemucs / four targets: {peer / costs[4]:.1f}")


if __name__ == "__main__":
    main()
