"""How well edits are recovered and learnt.

    python bench/edit.py align POOL [--recordings 20] [--minutes 5 10]

POOL is a folder of licensed sound with a manifest.csv; see `edit_material`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from edit_material import RATE, Cutting, Pool, cut, mixed, reread
from sayso.edit.align import Alignment, align


def compare(truth: Cutting, found: Alignment) -> tuple[list[float], float]:
    """Errors of the joins in seconds, and the share of edited time that is placed right.

    Every true boundary is held against the nearest of the same clip that was found.
    """
    grid, at = [], 0.0
    for clip in truth.clips:
        grid.append((at, at + clip.frames / truth.speed, clip))
        at += clip.frames / truth.speed
    errors, right, total = [], 0, 0
    for start, stop, clip in grid:
        times = np.arange(start, stop, 0.01 * RATE)
        want = clip.start + (times - start) * truth.speed
        got = np.full(len(times), np.nan)
        for match in found.matches:
            inside = (times >= match.start) & (times < match.stop)
            got[inside] = match.clip.start + (times[inside] - match.start) * match.speed
        good = np.abs(got - want) < 0.05 * RATE
        right += int(good.sum())
        total += len(good)
        for edge in (clip.start, clip.stop):
            ends = [m.clip.start if edge == clip.start else m.clip.stop for m in found.matches]
            errors.append(min((abs(end - edge) / RATE for end in ends), default=np.inf))
    return errors, right / total


def bench_align(pool: Pool, count: int, minutes: tuple[float, float]) -> None:
    """Prints a row a recording and the figures over all."""
    rng = np.random.default_rng(0)
    errors: list[float] = []
    shares: list[float] = []
    paces: list[float] = []
    print("recording  minutes  speed  edited_s  median_ms  p90_ms  placed  seconds")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            raw = mixed(pool, 60 * float(rng.uniform(*minutes)), seed=number)
            speed = (1.0, 1.0, 1.02, 0.98)[number % 4]
            truth = cut(raw, Path(folder) / f"{number}.wav", seed=number, speed=speed)
            edited = reread(truth)
            began = time.perf_counter()
            found = align(raw, edited)
            seconds = time.perf_counter() - began
            apart, share = compare(truth, found)
            errors += apart
            shares.append(share)
            paces.append(seconds / (raw.duration_s / 600))
            print(
                f"{number:9d}  {raw.duration_s / 60:7.1f}  {speed:5.2f}  {edited.duration_s:8.1f}"
                f"  {1e3 * np.median(apart):9.2f}  {1e3 * np.quantile(apart, 0.9):6.1f}"
                f"  {share:6.2%}  {seconds:7.1f}",
                flush=True,
            )
    print(
        f"all: median {1e3 * np.median(errors):.2f} ms, 90% within "
        f"{1e3 * np.quantile(errors, 0.9):.1f} ms; placed {np.mean(shares):.2%}; "
        f"{np.median(paces):.1f} s for 10 minutes of raw"
    )


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("align")
    one.add_argument("pool", type=Path)
    one.add_argument("--recordings", type=int, default=20)
    one.add_argument("--minutes", type=float, nargs=2, default=(5.0, 10.0))
    arguments = parser.parse_args()
    if arguments.kind == "align":
        bench_align(Pool.open(arguments.pool), arguments.recordings, tuple(arguments.minutes))


if __name__ == "__main__":
    main()
