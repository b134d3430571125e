"""Tiny questions about two tones, so that training can be watched in seconds.

Run as a program, it trains in a folder until it is killed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from sayso.networks.ask import AskConfig
from sayso.train.ask_task import AskTask, Config
from sayso.train.config import LoopConfig
from sayso.train.data.stream import AskBatch, Stream, StreamConfig
from sayso.train.data.validation import ValidationItem
from sayso.train.loop import Outcome, Report, fit

RATE = 8000
FRAMES = 259 * 16
NETWORK = AskConfig(
    sample_rate=RATE,
    n_fft=64,
    hop=16,
    bands=((8, 1), (4, 2), (4, 4)),
    widths=(16, 16, 16),
    depths=(1, 1),
    dilations=(1,),
    ask_width=16,
    context_width=16,
    buckets=64,
    text_length=24,
    text_width=16,
)
WORDS = ("low hum", "high whistle")


class ToyStream(Stream):
    """A low and a high tone; asked for either, or for a dog that is never there."""

    def __init__(self) -> None:
        super().__init__(StreamConfig(store=Path("unused"), batch=2, frames=FRAMES))

    def batch(self, index: int) -> AskBatch:
        rng = np.random.default_rng((1, index))
        time_s = np.arange(FRAMES) / RATE
        low, high = (
            rng.uniform(0.1, 1, (2, 2, 1))
            * np.sin(2 * np.pi * hz * time_s + rng.uniform(0, 6, (2, 1, 1)))
            for hz in (rng.uniform(200, 900), rng.uniform(2000, 3500))
        )
        targets = np.stack([low, high, np.zeros_like(low)], 1).astype(np.float32)
        return AskBatch(targets.sum(1), targets, [[*WORDS, "dog"]] * 2)

    def validation(self) -> list[ValidationItem]:
        batch = self.batch(10_000)
        return [
            ValidationItem(
                "toy",
                "toy",
                batch.mix[0],
                batch.targets[0],
                (*WORDS, "dog"),
                ("low", "high", "dog"),
            )
        ]


def toy_task() -> AskTask:
    config = Config(
        network=NETWORK,
        data=StreamConfig(store=Path("unused"), frames=FRAMES),
        learning_rate=3e-3,
        workers=0,
    )
    return AskTask(config, ToyStream())


def toy_loop(**changes: object) -> LoopConfig:
    values = {
        "max_steps": 24,
        "warmup_steps": 5,
        "validate_steps": 12,
        "log_steps": 10,
        "accelerator": "cpu",
        "threads": 1,
        "tensorboard": False,
        "save_minutes": 5.0,
        "average_decay": 0.9,
        **changes,
    }
    return LoopConfig.model_validate(values)


def toy_run(
    folder: Path, *, resume: bool = False, reports: list[Report] | None = None, **changes: object
) -> Outcome:
    seen = reports if reports is not None else []
    return fit(toy_task(), toy_loop(**changes), folder, resume=resume, on_progress=seen.append)


def pause(report: Report) -> None:
    """Slow the program down, so that the kill falls between checkpoints."""
    time.sleep(0.05)


if __name__ == "__main__":
    loop = toy_loop(log_steps=1, precision="32-true", save_minutes=0.0)
    fit(toy_task(), loop, Path(sys.argv[1]), on_progress=pause)
