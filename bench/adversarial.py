"""Semi-supervised against supervised training of the U-Net, three seeds each.

    python bench/adversarial_songs.py POOL SONGS     rendered songs, once
    python bench/adversarial.py train SONGS RUNS     all runs; goes on where it was interrupted
    python bench/adversarial.py table RUNS           the table of docs/semi-supervised.md

Both arms see the same paired songs, take the same number of separator steps at the same learning
rate, stop by the same rule, and are tested with the weights that were best on the validation songs.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sayso.train.config import parse_config
from sayso.train.loop import Report
from sayso.train.run import run
from sayso.train.song_scores import score_run, summarise

ARMS = ("supervised", "adversarial")
SEEDS = (0, 1, 2)
SOURCES = ("vocals", "accompaniment")
SHOWN = ("sdr", "sir", "sar", "usdr")
PARTS = {
    "supervised": "paired",
    "unsupervised": "unpaired",
    "validation": "validation",
    "test": "test",
}


def main() -> None:
    """Dispatch."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train")
    train.add_argument("songs", type=Path)
    train.add_argument("runs", type=Path)
    train.add_argument("--steps", type=int, default=480, help="separator steps a run")
    train.add_argument("--width", type=int, default=8)
    train.add_argument("--batch-size", type=int, default=4)
    train.add_argument("--critic-steps", type=int, default=2)
    train.add_argument("--threads", type=int, default=1)
    train.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    table = commands.add_parser("table")
    table.add_argument("runs", type=Path)
    args = parser.parse_args()
    if args.command == "table":
        print_table(args.runs)
        return
    torch.set_num_threads(args.threads)
    for seed in SEEDS:
        for arm in args.arms:
            train_arm(args, arm, seed)


def train_arm(args: argparse.Namespace, arm: str, seed: int) -> None:
    """One run and its test, unless both are there already."""
    folder = args.runs / f"{arm}-{seed}"
    result = folder / "result.json"
    if result.exists():
        return
    values = settings(args, arm, seed, folder)
    config = parse_config(values, "bench/adversarial.py")
    started = time.monotonic()

    def show(report: Report) -> None:
        metrics = {**report.losses, **report.metrics}
        text = " ".join(f"{name}={value:.4g}" for name, value in metrics.items())
        print(f"{arm}-{seed} {report.step} {report.steps_per_s:.2f}/s {text}", flush=True)

    outcome = run(config, resume=(folder / "last.safetensors").exists(), on_progress=show)
    if outcome.reason == "stopped":
        raise SystemExit("stopped; start again to go on")
    scores = score_run(folder)
    content = {
        "arm": arm,
        "seed": seed,
        "critic_steps": args.critic_steps,
        "best_step": outcome.state.best_step,
        "steps": outcome.state.step,
        "reason": outcome.reason,
        "validation_mse": -outcome.state.best,
        "train_minutes": outcome.state.seconds / 60,
        "wall_minutes": (time.monotonic() - started) / 60,
        "medians": summarise(scores),
        "songs": {score.title: score.metrics for score in scores},
    }
    result.write_text(json.dumps(content, indent=1))
    print(f"{arm}-{seed} done: {json.dumps(content['medians'])}", flush=True)


def settings(args: argparse.Namespace, arm: str, seed: int, folder: Path) -> dict[str, Any]:
    """A run's configuration. A cycle of the adversarial loop has one separator step."""
    cycle = _cycle(arm, args.critic_steps)
    task: dict[str, Any] = {
        "songs": {
            use: [{"layout": "folder", "root": str(args.songs / part)}]
            for use, part in PARTS.items()
        },
        "network": {"width": args.width},
        "patches": {
            "batch_size": args.batch_size,
            "excerpt_s": 8.0,
            "cache_size": 32,
            "replaced": 0.5,
            "workers": 1,
            "gain_db": 3.0,
            "validation_excerpts": 2,
        },
        "learning_rate": 1e-3,
        "seed": seed,
    }
    if arm == "adversarial":
        task |= {"critic_steps": args.critic_steps, "critic_width": 8, "critic_rate": 3e-4}
    return {
        "kind": "unet" if arm == "supervised" else arm,
        "folder": str(folder),
        "loop": {
            "max_steps": args.steps * cycle,
            "warmup_steps": 0,
            "clip_norm": 0.0,
            "average_decay": 0.0,
            "save_minutes": 2.0,
            "validate_steps": 40 * cycle,
            "patience": 8,
            "log_steps": 40 * cycle,
            "precision": "32-true",
            "accelerator": "cpu",
            "seed": seed,
            "threads": args.threads,
            "tensorboard": False,
        },
        "task": task,
    }


def print_table(runs: Path) -> None:
    """Medians over test songs with their spread over seeds, differences song by song, all runs."""
    results = [json.loads(path.read_text()) for path in sorted(runs.glob("*/result.json"))]
    arms = [arm for arm in ARMS if any(r["arm"] == arm for r in results)]
    print("| source | training | SDR | SIR | SAR | uSDR |\n|---|---|---|---|---|---|")
    for source in SOURCES:
        for arm in arms:
            medians = [r["medians"][source] for r in results if r["arm"] == arm]
            columns = [[row[metric] for row in medians] for metric in SHOWN]
            cells = [f"{np.mean(c):.2f} ± {np.std(c, ddof=1):.2f}" for c in columns]
            print(f"| {source} | {arm} | {' | '.join(cells)} |")
        if len(arms) == len(ARMS):
            cells = [_difference(results, source, metric) for metric in SHOWN]
            print(f"| {source} | difference, song by song | {' | '.join(cells)} |")
    print("\n| run | vocals SDR | SIR | SAR | best at step | validation MSE | minutes |")
    print("|---|---|---|---|---|---|---|")
    for r in results:
        row, cycle = r["medians"]["vocals"], _cycle(r["arm"], r["critic_steps"])
        cells = [f"{row[metric]:.2f}" for metric in ("sdr", "sir", "sar")]
        cells += [f"{r['best_step'] // cycle} of {r['steps'] // cycle}"]
        cells += [f"{r['validation_mse']:.4f}", f"{r['wall_minutes']:.0f}"]
        print(f"| {r['arm']} {r['seed']} | {' | '.join(cells)} |")


def _difference(results: list[dict[str, Any]], source: str, metric: str) -> str:
    """Adversarial minus supervised, each song averaged over seeds: mean and 95% interval."""
    per_arm = []
    for arm in ARMS:
        songs = [r["songs"] for r in results if r["arm"] == arm]
        per_arm.append(np.mean([[s[t][source][metric] for t in sorted(s)] for s in songs], axis=0))
    difference = per_arm[1] - per_arm[0]
    margin = 1.96 * np.std(difference, ddof=1) / np.sqrt(len(difference))
    return f"{np.mean(difference):+.2f} ± {margin:.2f}"


def _cycle(arm: str, critic_steps: int) -> int:
    """Steps of the loop for each step of the separator."""
    return critic_steps + 1 if arm == "adversarial" else 1


if __name__ == "__main__":
    main()
